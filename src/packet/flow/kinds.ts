/** Conversations that need no script of one's own. */
export const CONVERSATIONS = ['tcp', 'udp', 'ping', 'ftp', 'tftp'] as const
export type Conversation = (typeof CONVERSATIONS)[number]

/** How a TCP connection may end. */
export const CLOSINGS = ['fin', 'rst', 'none'] as const
export type Closing = (typeof CLOSINGS)[number]

/** How FTP may agree on its data connection: RFC 959, RFC 2428. */
export const FTP_MODES = ['pasv', 'epsv', 'port', 'eprt'] as const
export type FtpMode = (typeof FTP_MODES)[number]

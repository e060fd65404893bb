import type { ConntrackSettings } from '../../netfilter/conntrack.ts'

/**
 * Seconds, by the name of the sysctl: `tcp_timeouts`, nf_conntrack_proto_tcp.c, and its like. Proxmox sets two of them
 * where it is asked to (host options nf_conntrack_tcp_timeout_established and _syn_recv).
 */
const TIMEOUTS: ConntrackSettings['timeouts'] = {
  tcp_timeout_syn_sent: 120,
  tcp_timeout_syn_recv: 60,
  tcp_timeout_established: 432_000,
  tcp_timeout_fin_wait: 120,
  tcp_timeout_close_wait: 60,
  tcp_timeout_last_ack: 30,
  tcp_timeout_time_wait: 120,
  tcp_timeout_close: 10,
  tcp_timeout_max_retrans: 300,
  tcp_timeout_unacknowledged: 300,
  udp_timeout: 30,
  udp_timeout_stream: 120,
  icmp_timeout: 30,
  icmpv6_timeout: 30,
  generic_timeout: 600,
  gre_timeout: 30,
  gre_timeout_stream: 180,
  sctp_timeout_closed: 10,
  sctp_timeout_cookie_wait: 3,
  sctp_timeout_cookie_echoed: 3,
  sctp_timeout_established: 210,
  sctp_timeout_shutdown_sent: 3,
  sctp_timeout_shutdown_recd: 3,
  sctp_timeout_shutdown_ack_sent: 3,
  sctp_timeout_heartbeat_sent: 30,
  dccp_timeout_request: 240,
  dccp_timeout_respond: 480,
  dccp_timeout_partopen: 480,
  dccp_timeout_open: 43_200,
  dccp_timeout_closereq: 64,
  dccp_timeout_closing: 64,
  dccp_timeout_timewait: 240,
}

/** The kernel's own settings (net/netfilter/nf_conntrack_standalone.c), which no program of Proxmox changes. */
export const DEFAULT_SETTINGS: ConntrackSettings = {
  tcpLoose: true,
  tcpBeLiberal: false,
  tcpIgnoreInvalidRst: false,
  tcpMaxRetrans: 3,
  checksum: true,
  timeouts: TIMEOUTS,
}

/** A timeout in milliseconds. */
export function timeoutOf({ timeouts }: ConntrackSettings, name: string): number {
  return (timeouts[name] ?? TIMEOUTS[name] ?? 600) * 1000
}

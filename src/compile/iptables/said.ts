import { quoted } from '../../config/dialect/iptables/complaints.ts'

/** What a program says on one line, with the words it quotes in our quotes. */
export function said(message: string): string {
  return message.replace(/[`']([^`']*)'/g, (_, word: string) => quoted(word))
}

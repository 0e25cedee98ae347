/** Ends every message. */
export default function stop(): boolean {
  return false
}

/**
 * Gives what counts as one client for limits: an IPv4 address, or the first 64 bits of an IPv6 address, which is the
 * least a provider gives to a customer (RFC 6177).
 */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::', 2)
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const last = tail === '' ? [] : tail.split(':')
    // An IPv4 address at the end stands for two groups.
    const width = last.length + (tail.includes('.') ? 1 : 0)
    while (groups.length + width < 8) groups.push('0')
    groups.push(...last)
  }
  return groups
    .slice(0, 4)
    .map(group => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')
}

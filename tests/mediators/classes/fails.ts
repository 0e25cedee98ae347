/** Fails. */
export default function fails(): never {
  throw new Error('out of stock')
}

interface Message {
  json(): unknown
  setJson(value: unknown): void
}

/** Takes a percentage off the price. */
export default function discount(message: Message, { percentage }: { percentage: string }): void {
  const order = message.json() as { price: number }
  message.setJson({ ...order, price: order.price * (1 - Number(percentage) / 100) })
}

/** Who a message is from and for, as WS-Addressing has it. Each is a URI, undefined where nobody said. */
export class Addressing {
  to: string | undefined
  from: string | undefined
  replyTo: string | undefined
  faultTo: string | undefined
  action: string | undefined
  relatesTo: string | undefined
  /** Takes the place of the id the message was given here. */
  messageId: string | undefined

  constructor(from?: Addressing) {
    if (from) Object.assign(this, from)
  }
}

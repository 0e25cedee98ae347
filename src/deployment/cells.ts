import { Fault } from '../core/fault.ts'
import type { Endpoint, SequenceTemplate } from '../core/ports.ts'
import { SequenceCell } from '../sequences/sequence.ts'

/** An endpoint's place before it is compiled. */
export class EndpointCell implements Endpoint {
  readonly name: string
  target: Endpoint | undefined

  constructor(name: string) {
    this.name = name
  }

  get isReady(): boolean | undefined {
    return this.target ? this.target.isReady : false
  }

  get keepsLinks(): boolean | undefined {
    return this.target?.keepsLinks
  }

  get describedAt(): string | undefined {
    return this.target?.describedAt
  }

  deliver: Endpoint['deliver'] = ctx => {
    if (!this.target) throw new Fault(305100, `endpoint ${this.name} was left out because of its errors`)
    return this.target.deliver(ctx)
  }

  attempt: Endpoint['deliver'] = ctx => (this.target?.attempt ? this.target.attempt(ctx) : this.deliver(ctx))
}

/** A template's place before it is compiled. */
export class TemplateCell implements SequenceTemplate {
  readonly name: string
  target: SequenceTemplate | undefined
  readonly body: SequenceCell

  constructor(name: string) {
    this.name = name
    this.body = new SequenceCell(name)
  }

  get parameters(): SequenceTemplate['parameters'] {
    return this.target?.parameters ?? []
  }
}

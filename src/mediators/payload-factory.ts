import type { MessageContext } from '../core/context.ts'
import type { Entry } from '../core/entry.ts'
import { Fault } from '../core/fault.ts'
import type { Step } from '../core/step.ts'
import { type Dynamic, dynamic, expression } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import { type Build, mediator } from '../language/declare.ts'
import { attribute, body, type Field, literal } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { boolean, oneOf, oneOfAnyCase, text, type ValueType } from '../language/types.ts'
import type { Element } from '../language/xml.ts'
import {
  compileFormat,
  type Format,
  faultReport,
  type MediaType,
  type Report,
} from './payload-factory-format.ts'
import { compileFreeMarker } from './payload-factory-free-marker.ts'
import type { Argument } from './payload-factory-values.ts'

/** A JSONPath, with `json-eval( )` around it or without. */
const jsonPath: ValueType<Expression> = {
  ...expression,
  parse: (source, setting) =>
    expression.parse(/^\s*(?:json-eval\(|\$\{)/.test(source) ? source : `json-eval(${source})`, setting),
}

/** The language of an argument's expression is told by another attribute. */
const argumentExpression: Field<Expression | undefined> = {
  kind: 'attribute',
  doc: 'An expression that gives the value: JSONPath with evaluator json, else XPath.',
  isRequired: false,
  type: expression.name,
  read(name, reader) {
    const found = reader.takeAttribute(name)
    if (!found) return undefined
    const isJson = reader.element.attributes.some(
      other => other.name === 'evaluator' && other.value === 'json',
    )
    return reader.parse(isJson ? jsonPath : expression, found.value, found.valueSpan, `attribute ${name}`)
  },
}

const argumentFields = {
  value: attribute(text, {
    doc: 'A fixed value. Outside XML payloads it is escaped as in XML, unless it is XML.',
  }),
  expression: argumentExpression,
  evaluator: attribute(oneOf('xml', 'json'), { doc: 'Language of the expression.', default: 'xml' }),
  literal: attribute(boolean, {
    doc: 'In a JSON payload, whether the value is a text even where it looks like JSON or XML.',
    default: false,
  }),
  deepCheck: attribute(boolean, { doc: 'Accepted; a value is XML only when all of it is.', default: true }),
} as const

const argumentsField: Field<readonly Argument[]> = {
  kind: 'child',
  doc: 'The arguments: the first replaces `$1`, the second `$2`.',
  isRequired: false,
  name: 'args',
  fields: {
    arg: {
      kind: 'children',
      doc: 'One value.',
      isRequired: false,
      fields: argumentFields,
      read: () => undefined,
    },
  },
  read(name, reader) {
    const [args] = reader.takeChildren(name)
    if (!args) return []
    const list: Field<readonly Argument[]> = {
      kind: 'children',
      doc: '',
      isRequired: false,
      read: (_name, inner) =>
        inner.takeChildren('arg').map(element => {
          const argument = inner.nested(element, argumentFields)
          const isGiven = element.attributes.some(({ name }) => name === 'value' || name === 'expression')
          if (!isGiven) inner.wrong(element.span, 'missing', '<arg> needs value or expression.')
          return argument
        }),
    }
    return reader.nested(args, { list }).list ?? []
  },
}

const formatFields = {
  key: attribute(dynamic, {
    doc: 'A local entry or registry resource that holds the template; `{expression}` names it per message.',
  }),
  literal: literal({ doc: 'The element a new XML payload is.' }),
  text: body(text, { doc: 'The text of a new JSON or text payload.' }),
} as const

/** A `<format>` as it is written. */
interface WrittenFormat {
  readonly key: Dynamic | undefined
  readonly literal: Element | undefined
  readonly text: string | undefined
  readonly element: Element
}

const formatField: Field<WrittenFormat | undefined> = {
  kind: 'child',
  doc: 'The template.',
  isRequired: true,
  name: 'format',
  fields: formatFields,
  read(name, reader) {
    const [element] = reader.takeChildren(name)
    if (element) return { ...reader.nested(element, formatFields), element }
    reader.missing('element <format>')
    return undefined
  },
}

/** Replaces the payload by one made from a template. */
export const payloadFactoryMediator = mediator({
  element: 'payloadFactory',
  summary: 'Replaces the payload by one made from a template and values of the message.',
  fields: {
    mediaType: attribute(oneOf('xml', 'json', 'text'), {
      name: 'media-type',
      doc: 'What the new payload is.',
      default: 'xml',
    }),
    templateType: attribute(oneOfAnyCase('default', 'freemarker'), {
      name: 'template-type',
      doc: 'How the template is written.',
      default: 'default',
    }),
    escapeXmlChars: attribute(boolean, {
      doc: 'Whether bare control characters in JSON objects and arrays put into a JSON payload are escaped.',
      default: false,
    }),
    format: formatField,
    args: argumentsField,
  },
  example: `<payloadFactory media-type="json">
    <format>{"order": {"id": "$1", "lines": $2}}</format>
    <args>
        <arg expression="//order/@id"/>
        <arg evaluator="json" expression="$.lines"/>
    </args>
</payloadFactory>`,
  notes: `In a template of the default kind, \`$1\` is the first argument and \`\${…}\` an expression.

In an XML payload a value that is XML, or JSON taken by JSONPath, becomes elements; any other is text. In a JSON payload objects and arrays go in as they are and XML becomes JSON; texts are escaped, and the quotes around them are the template's: \`"$1"\`. With the property \`QUOTE_STRING_IN_PAYLOAD_FACTORY_JSON\` set to true they get their quotes here. \`"\${…}"\` with its quotes is always one JSON string.

The message becomes \`application/json\`, \`text/plain\` or, unless it is XML already, \`application/xml\`. SOAP header blocks stay.

Templates of the type freemarker see \`payload\`, \`args.arg1\`, \`ctx\`, \`axis2\`, \`trp\` and \`vars\`. Conditions, lists, assignments, the operators and the common built-ins are there; macros, functions and includes are not.

Compatibility: a \`$n\` without an argument stays as it is, and so does all that follows it.`,
  needsContent: () => true,
  check({ format, templateType, mediaType }, wrong) {
    if (!format || format.key || format.literal || format.text !== undefined) return
    if (mediaType === 'xml' || templateType === 'freemarker')
      wrong('<format> is empty; it needs an element, a text or a key.', {
        code: 'missing',
        span: format.element.span,
      })
  },
  compile({ mediaType, templateType, escapeXmlChars, format, args }, build) {
    if (!format) throw new Error('checked above')
    const options = { mediaType, args, escapesControls: escapeXmlChars }
    const use = (template: Format, report: Report): ((ctx: MessageContext) => void) =>
      templateType === 'freemarker'
        ? compileFreeMarker(template, options, report)
        : compileFormat(template, options, report)
    const { key, element } = format
    const setting = { namespaces: element.namespaces, span: element.span }
    if (!key) {
      const { text = '', literal } = format
      return use(
        { element: mediaType === 'xml' ? literal?.xml : undefined, text, setting },
        inlineReport(format, build),
      )
    }
    if (key.fixed !== undefined) {
      const keySpan = element.attributes.find(({ name }) => name === 'key')?.valueSpan ?? element.span
      const entry = build.entry({ name: key.fixed, span: keySpan })
      if (!entry) return () => missingKey(key.fixed!)
      return use(formatOf(entry, mediaType, setting), keyReport(key.fixed, keySpan, build))
    }
    return fromKeyOfMessage(key, entry => {
      const warn = (message: string): void => build.log.warn({}, message)
      return use(formatOf(entry, mediaType, setting), faultReport(entry.key, warn))
    })
  },
})

/** Templates that messages name are compiled once each. */
function fromKeyOfMessage(key: Dynamic, use: (entry: Entry) => (ctx: MessageContext) => void): Step {
  const compiled = new WeakMap<Entry, (ctx: MessageContext) => void>()
  return ctx => {
    const name = key.text(ctx) ?? ''
    const entry = ctx.deployment.entry(name)
    if (!entry) missingKey(name)
    let run = compiled.get(entry)
    if (!run) {
      run = use(entry)
      compiled.set(entry, run)
    }
    run(ctx)
  }
}

function missingKey(key: string): never {
  throw new Fault(0, `Key ${key} not found`)
}

function formatOf(entry: Entry, mediaType: MediaType, setting: Format['setting']): Format {
  return { element: mediaType === 'xml' ? entry.xml() : undefined, text: entry.text, setting }
}

function inlineReport({ element }: WrittenFormat, build: Build): Report {
  const { textSpan, text, span } = element
  const { source } = textSpan
  const isVerbatim = source.text.startsWith(text, textSpan.start)
  const spanAt = (offset: number | undefined): Span => {
    if (offset === undefined || !isVerbatim) return text === '' ? span : textSpan
    const start = textSpan.start + Math.min(offset, text.length - 1)
    return { source, start, end: start + 1 }
  }
  return {
    error: (message, offset, hint) => build.error(spanAt(offset), 'bad-value', message, hint),
    warning: message => build.warning(span, 'missing-argument', `${message}.`),
  }
}

function keyReport(key: string, span: Span, build: Build): Report {
  return {
    error: (message, _offset, hint) => build.error(span, 'bad-value', `${key}: ${message}`, hint),
    warning: message => build.warning(span, 'missing-argument', `${key}: ${message}.`),
  }
}

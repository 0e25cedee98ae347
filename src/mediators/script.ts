import { Script } from 'node:vm'
import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { type MaybePromise, type Outcome, STOP, type Step } from '../core/step.ts'
import { type Dynamic, dynamic, expression } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import { type Build, mediator } from '../language/declare.ts'
import { attribute, body, type Config, child, children } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { Expected, oneOf, text, type ValueType } from '../language/types.ts'
import { Content } from '../message/content.ts'
import { mayHaveE4x, rewriteE4x } from './e4x.ts'
import { applyEffects, inputOf, needsOf } from './script-bridge.ts'
import { keepBuiltins, mayChangeBuiltins } from './script-builtins.ts'
import { ScriptError } from './script-error.ts'
import { prelude, type ScriptOutput } from './script-prelude.ts'
import { scriptProcess } from './script-process.ts'
import { xmlRuntime } from './script-xml.ts'

const LANGUAGES = ['js', 'rhinoJs', 'nashornJs', 'graalJs'] as const

const language: ValueType<(typeof LANGUAGES)[number]> = {
  name: LANGUAGES.join(' | '),
  parse(word) {
    const found = LANGUAGES.find(known => known.toLowerCase() === word.trim().toLowerCase())
    if (found) return found
    const others: Readonly<Record<string, string>> = { groovy: 'Groovy', rb: 'Ruby', py: 'Python' }
    const other = others[word.trim()]
    throw new Expected(
      'js',
      other && `unsupported script language: write it in JavaScript instead of ${other}.`,
    )
  },
}

/** The longest a script may ask to sleep in all, in milliseconds. */
const MAX_SLEEP_MS = 120_000

const fields = {
  language: attribute(language, {
    doc: 'Language of the script; all four names mean JavaScript.',
    required: true,
  }),
  key: attribute(dynamic, { doc: 'Local entry or registry resource with the script.' }),
  function: attribute(text, {
    doc: 'Function of that script to call, with `mc` and the arguments.',
    default: 'mediate',
  }),
  target: attribute(oneOf('body', 'variable', 'none'), { doc: 'Where what the function returns goes.' }),
  targetVariable: attribute(text, { name: 'target-variable', doc: 'Name of that variable.' }),
  include: children(
    {
      key: attribute(dynamic, {
        doc: 'Local entry or registry resource with more of the script.',
        required: true,
      }),
    },
    { doc: 'What is read before the script.' },
  ),
  inputs: child(
    {
      argument: children(
        {
          name: attribute(text, { doc: 'For people.' }),
          type: attribute(text, {
            doc: 'STRING, BOOLEAN, INTEGER, LONG, DOUBLE, JSON or XML.',
            default: 'STRING',
          }),
          value: attribute(text, { doc: 'The value.' }),
          expression: attribute(expression, { doc: 'Expression that gives the value.' }),
        },
        { doc: 'One argument of the function.' },
      ),
    },
    { doc: 'Arguments the function gets behind `mc`.' },
  ),
  source: body(text, { doc: 'The script.' }),
} as const

/** Runs JavaScript on the message. */
export const scriptMediator = mediator({
  element: 'script',
  summary: 'Runs JavaScript on the message, in a sandbox.',
  fields,
  notes:
    'The object `mc` gives the payload (`getPayloadJSON`, `setPayloadJSON`, `getPayloadXML`, `setPayloadXML`, `getPayloadText`), properties, variables, addresses and a log, as in the original. When the function, or the last statement of a script written inside, gives `false`, the sequence ends. A script sees no process, files, network, modules or timers, may run `[myelin.script] timeout_ms` (500) and hold `memory_mb` (64); one that does not keep to it is stopped with a fault, and nothing it did counts. Nothing it leaves in global variables is seen by the next message. XML literals and `..` of older engines (E4X) work; of Java `java.lang.Thread.sleep` does, as a wait of at most two minutes, and `java.io.ByteArrayInputStream` for `mc.getParsedOMElement`. Compatibility: `mc.getConfiguration().getRegistry()` reads resources, and writes them to memory alone: they are gone when the process ends; what `mc.getXpathResult(…).selectNodes(…)` finds is a copy. An empty script does nothing.',
  example: `<script language="js"><![CDATA[
    var order = mc.getPayloadJSON();
    order.total = order.price * order.quantity;
    mc.setPayloadJSON(order);
]]></script>`,
  needsContent: () => true,
  check({ key, include }, wrong) {
    if (!key && include.length > 0) wrong('<include> counts only beside key.')
  },
  compile(config, build, span) {
    if (!config.key) {
      const source = config.source ?? ''
      if (source.trim() === '') {
        build.warning(span, 'no-effect', '<script> has no effect: there is no script inside, and no key.')
        return () => undefined
      }
      if (!isRunnable(source, build, span)) return () => undefined
      return runner(source, undefined, config, build)
    }
    const keys = [...config.include.map(({ key }) => key), config.key]
    if (keys.every(({ fixed }) => fixed !== undefined)) {
      const texts = keys.map(({ fixed }) => build.entry({ name: fixed!, span })?.text)
      if (texts.every(found => found !== undefined)) {
        const source = texts.join('\n')
        return isRunnable(source, build, span)
          ? runner(source, config.function, config, build)
          : () => undefined
      }
    }
    return byKeys(keys, config, build)
  },
})

type ScriptConfig = Config<typeof fields>

/** Java that scripts reach for, and that is not there. */
const JAVA =
  /\b(?:importPackage|importClass|JavaImporter)\s*\(|\b(?:Java\.type\s*\(\s*["'](?!java\.io\.ByteArrayInputStream["'])([\w.]+)|Packages\.[\w.]+|(?:java|javax|org\.apache|org\.wso2)\.(?!lang\.Thread\.sleep\b|io\.ByteArrayInputStream\b)[a-z][\w.]*)/

function isRunnable(source: string, build: Build, span: Span): boolean {
  const java = JAVA.exec(stripped(source))
  if (java) {
    build.error(
      span,
      'not-supported',
      `the script uses Java (${(java[1] ?? java[0]).replace(/\($/, '').trim()}), which is not there.`,
      'Write it in plain JavaScript with what mc offers.',
    )
    return false
  }
  try {
    // Compiled to see whether it can be, and never run here.
    new Script(`{\n${modern(source)}\n}`, { filename: 'script.js', lineOffset: -1 })
    return true
  } catch (error) {
    const { message, stack = '' } = error as Error
    const line = /script\.js:(\d+)/.exec(stack)?.[1]
    build.error(
      span,
      'bad-script',
      `the script cannot be read${line === undefined ? '' : `, line ${line}`}: ${message}.`,
    )
    return false
  }
}

/** What scripts import although they need nothing of it: `mc` is there without. */
const IMPORT = /\bimportPackage\s*\(\s*Packages\.org\.apache\.synapse\b[\w.]*\s*\)\s*;?/g

function withoutImports(source: string): string {
  return source.replace(IMPORT, match => match.replace(/[^\n]/g, ' '))
}

/** A script without its comments and the imports that do not matter. */
function stripped(source: string): string {
  return withoutImports(source).replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, ' ')
}

function modern(source: string): string {
  const plain = withoutImports(source)
  return mayHaveE4x(plain) ? rewriteE4x(plain) : plain
}

/** Compiles a script that is known now; its isolate is made when the first message comes. */
function runner(source: string, name: string | undefined, config: ScriptConfig, build: Build): Step {
  const text = `${modern(source)}\n//# sourceURL=script.js`
  const call = name === undefined ? INLINE : keyed(name)
  const builtins = mayChangeBuiltins(source) ? keepBuiltins : '() => () => {}'
  const program = `(() => { const source = ${JSON.stringify(text)}; return (${prelude})(${call}, ${xmlRuntime}, ${builtins}) })()`
  const needs = needsOf(source)
  const process = scriptProcess(build)
  const script = process.script(program, build.settings.script)
  const args = config.inputs?.argument ?? []

  const finish = (ctx: MessageContext, output: string): MaybePromise<Outcome> => {
    const { effects, result, stops } = JSON.parse(output) as ScriptOutput
    const sleepMs = Math.min(applyEffects(ctx, effects), MAX_SLEEP_MS)
    keep(ctx, config, result)
    const outcome = stops && config.target === undefined ? STOP : undefined
    if (sleepMs === 0) return outcome
    return new Promise(resolve => setTimeout(() => resolve(outcome), sleepMs))
  }
  return ctx => {
    const input = inputOf(
      ctx,
      needs,
      args.map(arg => argument(ctx, arg)),
    )
    return process.call(script, input, ctx.deployment, needs.entries).then(
      output => finish(ctx, output),
      thrown => {
        throw fault(thrown)
      },
    )
  }
}

const INLINE = '(mc => eval(source))'

function keyed(name: string): string {
  const wanted = JSON.stringify(name)
  return `(() => { eval(source); let target; try { target = eval(${wanted}) } catch {} return (mc, args) => { if (typeof target !== 'function') throw new Error('there is no function ' + ${wanted}); return target(mc, ...args) } })()`
}

function fault(thrown: unknown): Fault {
  if (!(thrown instanceof ScriptError)) return Fault.from(thrown)
  const place = thrown.line === undefined ? '' : ` at line ${thrown.line}`
  return new Fault(0, `The script engine returned an error executing the script${place}: ${thrown.message}`, {
    cause: thrown,
  })
}

/** How many texts of one script are kept ready. */
const MAX_TEXTS = 100

/** A script whose keys only the message knows, or that is not there yet: one runner per text. */
function byKeys(keys: readonly Dynamic[], config: ScriptConfig, build: Build): Step {
  const known = new Map<string, Step>()
  scriptProcess(build)
  return ctx => {
    const texts = keys.map(key => {
      const name = key.text(ctx) ?? ''
      const entry = ctx.deployment.entry(name)
      if (!entry) throw new Fault(0, `there is no script ${name}`)
      return entry.text
    })
    const source = texts.join('\n')
    let run = known.get(source)
    if (!run) {
      run = runner(source, config.function, config, build)
      if (known.size >= MAX_TEXTS) known.clear()
      known.set(source, run)
    }
    return run(ctx)
  }
}

function argument(
  ctx: MessageContext,
  {
    type,
    value,
    expression: source,
  }: { type: string; value?: string | undefined; expression?: Expression | undefined },
): unknown {
  const text = source ? source.text(ctx) : (value ?? null)
  if (text === null) return null
  switch (type.toUpperCase()) {
    case 'BOOLEAN':
      return text.trim().toLowerCase() === 'true'
    case 'INTEGER':
    case 'LONG':
    case 'DOUBLE':
      return Number(text)
    case 'JSON':
      try {
        return JSON.parse(text)
      } catch (error) {
        throw new Fault(0, `the argument ${text} of the script is no JSON`, { cause: error })
      }
    default:
      return text
  }
}

function keep(ctx: MessageContext, { target, targetVariable }: ScriptConfig, result: unknown): void {
  if (target === 'variable' && targetVariable) ctx.variables.set(targetVariable, result)
  if (target !== 'body' || result === null) return
  ctx.message.content =
    typeof result === 'object' ? Content.ofJson(result) : Content.ofText(String(result), 'text/plain')
}

import { describe, expect, test } from 'vitest'
import { findings, json, type Mediated, mediate, xml } from '../support/mediate.ts'

const inline = (source: string, attributes = ''): string =>
  `<script language="js" ${attributes}><![CDATA[${source}]]></script>`

const run = (source: string, message = json({ a: 1 }), more = ''): Promise<Mediated> =>
  mediate(`${inline(source)}${more}`, message)

const faultOf = async (source: string): Promise<string> => (await run(source)).fault?.message ?? 'no fault'

describe('the payload', () => {
  test('JSON is an object, and goes back as one', async () => {
    const ctx = await run(
      'var p = mc.getPayloadJSON(); mc.setPayloadJSON({ b: p.a + 1, text: "é" })',
      json({ a: 1 }),
      '<respond/>',
    )
    expect(ctx.replies).toEqual(['{"b":2,"text":"é"}'])
  })

  test('the object is the payload: what is done to it counts', async () => {
    const ctx = await run('mc.getPayloadJSON().a = 5', json({ a: 1 }), '<respond/>')
    expect(ctx.replies).toEqual(['{"a":5}'])
  })

  test('a text is taken as it is', async () => {
    const ctx = await run(`mc.setPayloadJSON('{"x": 1.50}')`, json({}), '<respond/>')
    expect(ctx.replies).toEqual(['{"x": 1.50}'])
  })

  test('without JSON the object is empty, and the text is the envelope', async () => {
    const ctx = await run(
      'mc.setProperty("keys", Object.keys(mc.getPayloadJSON()).length); mc.setProperty("text", mc.getPayloadText())',
      xml('<m>1</m>'),
    )
    expect(ctx.properties.get('keys')).toBe(0)
    expect(ctx.properties.get('text')).toContain('Body><m>1</m>')
  })

  test('XML is read and replaced', async () => {
    const ctx = await run(
      `var p = mc.getPayloadXML(); mc.setPayloadXML('<n>' + p.getFirstElement().getText() + '</n>')`,
      xml('<m><v>7</v></m>'),
      '<respond/>',
    )
    expect(ctx.replies).toEqual(['<n>7</n>'])
  })

  test('what is no XML cannot become the payload', async () => {
    expect(await faultOf("mc.setPayloadXML('<a>')")).toContain('setPayloadXML was given what is no XML')
  })
})

describe('XML syntax of older engines', () => {
  test('literals, values in them, and descendants', async () => {
    const ctx = await run(
      `var symbol = mc.getPayloadXML()..*::Code.toString();
       mc.setPayloadXML(
         <m:getQuote xmlns:m="http://services.samples">
           <m:symbol kind={"a" + 1}>{symbol}</m:symbol>
         </m:getQuote>);`,
      xml('<c:Check xmlns:c="urn:c"><c:Code>A &amp; B</c:Code></c:Check>'),
      '<respond/>',
    )
    expect(ctx.replies[0]).toMatch(
      /^<m:getQuote xmlns:m="http:\/\/services.samples">\s*<m:symbol kind="a1">A &amp; B<\/m:symbol>\s*<\/m:getQuote>$/,
    )
  })

  test('members, their number, deleting and setting', async () => {
    const ctx = await run(
      `var p = mc.getPayloadXML();
       var n = p.employee.length();
       delete p.employee[n-1];
       p.employee[0].name = "Zoe";
       p.@count = n;
       mc.setPayloadXML(p);`,
      xml('<all><employee><name>A</name></employee><employee><name>B</name></employee></all>'),
      '<respond/>',
    )
    expect(ctx.replies).toEqual(['<all count="2"><employee><name>Zoe</name></employee></all>'])
  })

  test('XML that a script makes is XML wherever it goes', async () => {
    const ctx = await run(
      `var inner = <b>1</b>;
       var whole = <a id={inner.toString()}>{inner}</a>;
       whole.appendChild(<c/>);
       whole.b = <b2>2</b2>;
       mc.setProperty("kept", whole.copy());
       mc.addHeader(false, <h:id xmlns:h="urn:h">9</h:id>);
       mc.setPayloadXML(whole);`,
      xml('<m/>'),
      '<property name="head" expression="$header//*[local-name()=\'id\']"/><respond/>',
    )
    expect(ctx.replies).toEqual(['<a id="1"><b2>2</b2><c/></a>'])
    expect(String(ctx.properties.get('head'))).toContain('9')
    expect(ctx.properties.has('kept')).toBe(true)
  })

  test('expressions in the braces of an attribute may be XML too', async () => {
    const ctx = await run('var o = <o id="7"/>; mc.setPayloadXML(<a id={o.@id}/>)', xml('<m/>'), '<respond/>')
    expect(ctx.replies).toEqual(['<a id="7"/>'])
  })

  test('three dots are today’s JavaScript', async () => {
    const ctx = await run(
      'var f = (...rest) => Math.max(...rest); var o = {...{a: f(1, 3, 2)}}; mc.setProperty("max", o.a)',
    )
    expect(ctx.properties.get('max')).toBe(3)
  })

  test('less-than stays what it is', async () => {
    const ctx = await run(
      'var a = 1, b = 2, s = "<a>"; if (a<b && b>a) mc.setProperty("less", s + /<b>/.source)',
    )
    expect(ctx.properties.get('less')).toBe('<a><b>')
  })
})

describe('the rest of the message', () => {
  test('properties in their scopes, variables and addresses', async () => {
    const ctx = await mediate(
      `<property name="in" value="x"/><variable name="v" type="INTEGER" value="3"/>
       ${inline(`mc.setProperty("default", mc.getProperty("in") + mc.getVariable("v"));
                 mc.setProperty("axis", "a", "axis2"); mc.setProperty("X-Head", "t", "transport");
                 mc.setProperty("op", "o", "operation"); mc.removeProperty("in", "default");
                 mc.setVariable("w", {deep: [1]}); mc.setTo("http://elsewhere"); mc.setResponse(true)`)}`,
      json({}),
    )
    expect(ctx.properties.get('default')).toBe('x3')
    expect(ctx.properties.has('in')).toBe(false)
    expect(ctx.transport.extra.get('axis')).toBe('a')
    expect(ctx.message.headers.get('X-Head')).toBe('t')
    expect(ctx.operation.get('op')).toBe('o')
    expect(ctx.variables.get('w')).toEqual({ deep: [1] })
    expect(ctx.to).toBe('http://elsewhere')
    expect(ctx.direction).toBe('response')
  })

  test('a name the engine knows is read as well', async () => {
    const ctx = await run('mc.setProperty("proxy", mc.getProperty("proxy.name"))')
    expect(ctx.properties.get('proxy')).toBe('test')
  })

  test('a log, and print', async () => {
    const ctx = await run('mc.getServiceLog().warn("careful"); print("hello", 1)')
    expect(ctx.logged.map(({ level, text }) => `${level} ${text}`)).toEqual([
      'warn {proxy:test} careful',
      'info {proxy:test} hello 1',
    ])
  })
})

describe('how it ends', () => {
  test.each([
    ['false', 0],
    ['1 > 2', 0],
    ['true', 1],
    ['var x = false;', 1],
    ['mc.getPayloadJSON().a == 1', 1],
  ])('%s: %i answers', async (source, answers) => {
    expect((await run(source, json({ a: 1 }), '<respond/>')).replies).toHaveLength(answers)
  })

  test('an error is a fault with the line', async () => {
    expect(await faultOf('var a = 1;\nvar b = a +\n  nothing.here;')).toBe(
      'The script engine returned an error executing the script at line 3: nothing is not defined',
    )
    expect(await faultOf('\n\nthrow "mine"')).toContain('mine')
  })
})

describe('scripts by key', () => {
  const entry = (key: string, source: string): string =>
    `<localEntry key="${key}"><![CDATA[${source}]]></localEntry>`

  test('call a function with arguments, after what they include', async () => {
    const ctx = await mediate(
      `<script language="js" key="main" function="total" target="variable" target-variable="sum">
         <include key="lib"/>
         <inputs><argument type="INTEGER" value="2"/><argument type="JSON" expression="json-eval($.n)"/></inputs>
       </script>`,
      json({ n: [3, 4] }),
      {
        artifacts: [
          entry('lib', 'function add(a, b) { return a + b }'),
          entry('main', 'function total(mc, first, rest) { return rest.reduce(add, first) }'),
        ],
      },
    )
    expect(ctx.variables.get('sum')).toBe(9)
  })

  test('a function that is not there is a fault', async () => {
    const ctx = await mediate(`<script language="js" key="main"/>`, json({}), {
      artifacts: [entry('main', 'function other(mc) {}')],
    })
    expect(ctx.fault?.message).toContain('there is no function mediate')
  })
})

describe('the sandbox holds', () => {
  test.each([
    'process.exit(1)',
    'require("node:fs")',
    'globalThis.process.env',
    'fetch("http://localhost")',
    'setTimeout(() => {}, 1)',
    'this.constructor.constructor("return process")().exit()',
    'mc.constructor.constructor("return process")().exit()',
    'mc.getProperty.constructor("return process.env")()',
    '__host("xml", "<a/>")',
    'Error.prepareStackTrace = (e, frames) => frames[0].getThis().process.exit(); new Error().stack.exit()',
    'import("node:fs").then(fs => fs.rmSync("/"))\n;nothing',
    'Reflect.ownKeys(globalThis).filter(k => /process|require|module/.test(String(k))).join() || nothing',
  ])('%s', async source => {
    expect(await faultOf(source)).toMatch(/is not defined|is not a function|Cannot read|undefined/)
  })

  test('an endless loop is stopped, and the next message is served', async () => {
    expect(await faultOf('while (true) {}')).toContain('ran longer than 500 ms')
    expect(await faultOf('1')).toBe('no fault')
  })

  test('a memory hog is stopped', async () => {
    expect(await faultOf('var all = []; while (true) all.push(new Array(100000).fill({}))')).toMatch(
      /needed more than 64 MiB|ran longer than 500 ms/,
    )
  })

  test('endless recursion is stopped', async () => {
    expect(await faultOf('(function again() { again() })()')).toContain('it calls itself without an end')
  })

  test('nothing is left for the next message', async () => {
    const source = `if (typeof left !== 'undefined' && left !== undefined) mc.setProperty('seen', left); left = 'secret'; Object.prototype.toString.call(1)`
    const ctx = await mediate(`${inline(source)}${inline(source)}`, json({}))
    expect(ctx.properties.get('seen')).toBeUndefined()
  })

  test.each([
    ['Array.prototype.extra = "secret"', '[].extra'],
    ['String.prototype.trim = () => "secret"', '" ".trim() || undefined'],
    ['JSON.parse = () => ({ seen: "secret" })', 'JSON.parse("{}").seen'],
    [
      'Object.defineProperty(Object.prototype, "seen", { get: () => "secret", configurable: true })',
      '({}).seen',
    ],
    ['Math.max = () => "secret"', 'Math.max(1) === 1 ? undefined : "seen"'],
    ['Reflect.ownKeys = () => []; [].__proto__.extra = "secret"', '[].extra'],
  ])('nothing is left in what JavaScript brings: %s', async (change, seen) => {
    const source = `var seen = ${seen}; if (seen !== undefined) mc.setProperty('seen', seen); ${change}; null`
    // Both messages go through the same script.
    const ctx = await mediate(
      `<foreach expression="json-eval($.all)"><sequence>${inline(source)}</sequence></foreach>`,
      json({ all: [1, 2] }),
    )
    expect(ctx.fault).toBeUndefined()
    expect(ctx.properties.get('seen')).toBeUndefined()
  })

  test('Java can sleep, and nothing else', async () => {
    expect((await run('java.lang.Thread.sleep(20)', json({}), '<respond/>')).replies).toHaveLength(1)
    expect(findings(inline('var f = new java.io.File("/etc/passwd")'))).toEqual([
      'not-supported: the script uses Java (java.io.File), which is not there. Write it in plain JavaScript with what mc offers.',
    ])
  })
})

describe('found at deployment', () => {
  test.each([
    [inline('var a = ;'), "bad-script: the script cannot be read, line 1: Unexpected token ';'."],
    ['<script language="js"/>', 'no-effect: <script> has no effect: there is no script inside, and no key.'],
    [
      '<script language="groovy">1</script>',
      'bad-value: attribute language is "groovy"; expected js. unsupported script language: write it in JavaScript instead of Groovy.',
    ],
  ])('%s', (fragment, finding) => {
    expect(findings(fragment)).toEqual([finding])
  })
})

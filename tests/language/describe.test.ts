import { describe, expect, test } from 'vitest'
import { artifact, endpointKind, mediator } from '../../src/language/declare.ts'
import {
  describeArtifact,
  describeEndpointKind,
  describeMediator,
  prose,
} from '../../src/language/describe.ts'
import {
  attribute,
  body,
  branch,
  child,
  children,
  endpoint,
  literal,
  mediators,
  parameters,
} from '../../src/language/field.ts'
import { boolean, integer, oneOf, reference, text } from '../../src/language/types.ts'

const nothing = (): (() => undefined) => () => undefined

describe('the page of a mediator', () => {
  test('says what it does, what it takes, and what a configuration may not expect of it', () => {
    const page = describeMediator(
      mediator({
        element: 'wait',
        summary: 'Waits, then runs its mediators.',
        fields: {
          unit: attribute(oneOf('ms', 's'), { doc: 'Unit of the time.', default: 'ms' }),
          time: attribute(integer({ min: 1 }), { doc: 'How long.', required: true }),
          steps: mediators({ doc: 'What to run.' }),
        },
        unsupported: { class: 'it is a Java class' },
        ignored: { threads: 'there are none.' },
        notes: 'It holds nothing up.\n\nCompatibility: the original sleeps.',
        example: '<wait time="5"/>',
        compile: nothing,
      }),
    )

    expect(page).toBe(`# \`<wait>\` mediator

Waits, then runs its mediators.

| attribute | type | default | meaning |
| --- | --- | --- | --- |
| \`unit\` | ms \\| s | \`ms\` | Unit of the time. |
| \`time\` | whole number of at least 1 | required | How long. |

| element | how often | holds | meaning |
| --- | --- | --- | --- |
| mediators | any number |  | What to run. |

## Example

\`\`\`xml
<wait time="5"/>
\`\`\`

## Notes

It holds nothing up.

*Compatibility*: the original sleeps.

## Known and refused

These are errors when a configuration has them.

| name | why |
| --- | --- |
| \`class\` | It is a Java class. |

## Known and without effect

These are warnings when a configuration has them.

| name | why |
| --- | --- |
| \`threads\` | There are none. |
`)
  })

  test('with nothing to tell is a title and a sentence', () => {
    const page = describeMediator(
      mediator({ element: 'stop', summary: 'Stops.', fields: {}, compile: nothing }),
    )

    expect(page).toBe('# `<stop>` mediator\n\nStops.\n')
  })

  test('has a section for each element with fields of its own, and none for a plain text', () => {
    const page = describeMediator(
      mediator({
        element: 'choose',
        summary: 'Chooses.',
        fields: {
          case: children(
            {
              when: attribute(text, { doc: 'Condition.', required: true }),
              steps: mediators({ doc: 'Way.' }),
            },
            { doc: 'One way.' },
          ),
          note: child({ text: body(text, { doc: 'Text.' }) }, { doc: 'For people.' }),
          otherwise: branch({ name: 'default', key: 'sequence', doc: 'The last way.' }),
          target: endpoint({ doc: 'Where to go.', required: true }),
          any: literal({ doc: 'As it is.' }),
        },
        compile: nothing,
      }),
    )

    expect(page).toContain(`| \`<case>\` | any number | see below | One way. |
| \`<note>\` | at most once | text | For people. |
| \`<default>\` | at most once | mediators, or attribute \`sequence\` | The last way. |
| \`<endpoint>\` | once |  | Where to go. |
| any one element | at most once |  | As it is. |

## \`<case>\`

One way.

| attribute | type | default | meaning |
| --- | --- | --- | --- |
| \`when\` | text | required | Condition. |
`)
    expect(page).not.toContain('## `<note>`')
  })

  test('shows a default that is blank, and leaves one out that is nothing', () => {
    const page = describeMediator(
      mediator({
        element: 'join',
        summary: 'Joins.',
        fields: {
          separator: attribute(text, { doc: 'Between.', default: ', ' }),
          names: attribute({ name: 'list', parse: () => [] as string[] }, { doc: 'What.', default: [] }),
        },
        compile: nothing,
      }),
    )

    expect(page).toContain('| `separator` | text | `", "` | Between. |')
    expect(page).toContain('| `names` | list |  | What. |')
  })
})

test('the page of a kind of endpoint says where it stands', () => {
  const page = describeEndpointKind(
    endpointKind({
      element: 'queue',
      summary: 'Puts it away.',
      fields: {},
      compile: () => undefined as never,
    }),
  )

  expect(page).toBe('# `<queue>` endpoint\n\nPuts it away.\n\nIt stands inside `<endpoint>`.\n')
})

test('the page of an artifact names its folder, what chooses it, and its parameters', () => {
  const page = describeArtifact(
    artifact({
      element: 'inboundEndpoint',
      variant: { attribute: 'protocol', values: ['mail', 'mails'] },
      folder: 'inbound-endpoints',
      space: 'inboundEndpoint',
      summary: 'Reads mail.',
      fields: {
        sequence: attribute(reference, { doc: 'What runs.' }),
        parameters: parameters(
          {
            host: { type: text, doc: 'Where.', required: true },
            delete: { type: boolean, doc: 'Whether to delete.', default: false },
          },
          { doc: 'Settings.' },
        ),
      },
      nameOf: () => '',
      compile: () => ({}),
    }),
  )

  expect(page).toBe(`# \`<inboundEndpoint protocol="mail|mails">\`

Reads mail.

It is a file of its own, by custom in the folder \`inbound-endpoints\`, or stands inside \`<definitions>\`.

| attribute | type | default | meaning |
| --- | --- | --- | --- |
| \`sequence\` | name of an artifact |  | What runs. |

## Parameters

Settings.

| parameter | type | default | meaning |
| --- | --- | --- | --- |
| \`host\` | text | required | Where. |
| \`delete\` | true or false | \`false\` | Whether to delete. |
`)
})

test('tags in a text are shown, not taken for HTML; those in code stay as they are', () => {
  expect(prose('inside <definitions>, not `<sequence>`')).toBe('inside `<definitions>`, not `<sequence>`')
})

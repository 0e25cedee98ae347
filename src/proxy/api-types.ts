import { Expected, type ValueType } from '../language/types.ts'
import { METHODS } from './resource.ts'
import { UriTemplate } from './uri-template.ts'

/** The path of an API; slashes at its end are taken off, so that `/` is ''. */
export const context: ValueType<string> = {
  name: 'path',
  parse(value) {
    const path = value.trim()
    if (!path.startsWith('/') || /[?#\s]/.test(path)) throw new Expected('a path such as /orders')
    return path.replace(/\/+$/, '')
  },
}

/** Methods of HTTP, separated by blanks. */
export const methods: ValueType<readonly string[]> = {
  name: 'list of methods',
  parse(value) {
    const named = value
      .trim()
      .split(/[\s,]+/)
      .filter(name => name !== '')
    const unknown = named.find(name => !(METHODS as readonly string[]).includes(name.toUpperCase()))
    if (unknown !== undefined) throw new Expected(`methods out of ${METHODS.join(', ')}`)
    return named.map(name => name.toUpperCase())
  },
}

/** A template of paths. */
export const template: ValueType<UriTemplate> = {
  name: 'URI template',
  parse: value => UriTemplate.parse(value.trim()),
}

/** A path, `/prefix/*`, or `*.extension`. */
export const mapping: ValueType<string> = {
  name: 'path, /prefix/* or *.extension',
  parse(value) {
    const path = value.trim()
    if (/^\*\.[^/*]+$/.test(path)) return path
    if (!/^\/[^*?]*(?:\/\*)?$/.test(path) && path !== '/*')
      throw new Expected('a path such as /orders, /orders/* for all below it, or *.json')
    return path
  },
}

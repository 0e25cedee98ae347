const JAVA = 'it runs Java classes.'

/** Mediators that are known and not run, each with what to say to someone who uses it. */
export const unsupportedMediators: ReadonlyMap<string, string> = new Map([
  ['opa', 'call the policy server over HTTP instead.'],
  ['oauthService', 'put a proxy that checks tokens in front.'],
  ['bean', `${JAVA} Use a class mediator with a TypeScript module.`],
  ['ejb', `${JAVA} Call the EJB over HTTP instead.`],
  ['spring', `${JAVA} Use a class mediator with a TypeScript module.`],
  ['pojoCommand', `${JAVA} Use a class mediator with a TypeScript module.`],
  ['annotatedCommand', `${JAVA} Use a class mediator with a TypeScript module.`],
  ['smooks', 'use payloadFactory or a script instead.'],
  ['entitlementService', 'call the policy decision point over HTTP instead.'],
  ['dataServiceCall', 'call the data service over HTTP instead.'],
  ['dblookup', 'there is no database client; call a service that looks it up.'],
  [
    'dbreport',
    'there is no database client; call a service that writes it, or put the message into a store for one.',
  ],
  ['sampler', 'use a message store, and a sampling message processor that takes from it at a rate.'],
  ['NTLM', 'put a proxy that speaks NTLM in front of the backend.'],
  ['kerberosService', 'put a proxy that speaks Kerberos in front.'],
])

import { absentResources } from '../../language/options/options-management.ts'
import { type Api, refuse } from '../api.ts'

/** Says of resources that other products have, and this one has not, what to use instead. */
export function absentRoutes(api: Api): void {
  for (const [path, why] of absentResources('management'))
    api.on(path, { GET: (_request, reply) => refuse(reply, 501, `${path.slice(1)}: ${why}`) })
}

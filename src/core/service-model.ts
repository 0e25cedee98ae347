/** What a service was compiled to, for people and for comparing: whatever it was written in. */
export interface ServiceModel {
  readonly kind: string
  readonly name: string
  readonly listen: string
  /** Path it is served at. */
  readonly path: string
  /** What runs for each event, a line for each step; those inside another are set in. */
  readonly events: Readonly<Record<string, readonly string[]>>
  /** Its REST resources by method and path, with their steps. */
  readonly resources?: Readonly<Record<string, readonly string[]>>
  /** What it says other than is usual. */
  readonly options?: Readonly<Record<string, unknown>>
}

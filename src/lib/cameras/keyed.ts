/** Things by their key, to be looked up; the last of equals wins. */
export function keyed<Thing, Key>(
  things: readonly Thing[],
  keyOf: (thing: Thing) => Key,
): ReadonlyMap<Key, Thing> {
  return new Map(things.map((thing) => [keyOf(thing), thing]));
}

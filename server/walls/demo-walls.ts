import { randomUUID } from 'node:crypto';
import type { Cell, Layout } from '#contract/wall.ts';
import { publish } from '#server/news/envelope.ts';
import type { Db } from '#server/store/store.ts';

const single = (column: number, row: number): Cell => ({ column, row, columns: 1, rows: 1 });

function grid(name: '4' | '9' | '16'): Layout {
  const side = Math.sqrt(Number(name));
  return {
    name,
    columns: side,
    rows: side,
    cells: Array.from({ length: side * side }, (_, i) => single(i % side, Math.floor(i / side))),
  };
}

const onePlusFive: Layout = {
  name: '1+5',
  columns: 3,
  rows: 3,
  cells: [
    { column: 0, row: 0, columns: 2, rows: 2 },
    single(2, 0),
    single(2, 1),
    single(0, 2),
    single(1, 2),
    single(2, 2),
  ],
};

const stations = [
  'Al Souq',
  'Creek',
  'University',
  'Exhibition',
  'Airport',
  'Harbour',
  'Al Waha',
  'Hospital',
  'Stadium',
];

/** The walls somebody finds who tries Parapet: cameras by name, neighbours looking at different things. */
const demoWalls: readonly {
  readonly name: string;
  readonly layout: Layout;
  readonly cameras: readonly string[];
}[] = [
  {
    name: 'City overview',
    layout: grid('16'),
    cameras: [
      'Fish Market Square, north corner',
      'Al Souq Station, platform 1',
      'Shore Road, km 3 northbound',
      'Line 8, bus 1204, saloon',
      'Creek Tunnel, tube A section 2',
      'Al Marsa, visitor parking',
      'Creek Road, interchange 2',
      'Airport Station, platform 2',
      'Al Waha Depot, gate',
      'Al Bahia, promenade',
      'Al Souq Bus Station, bay 1',
      'Harbour Gate 1, entry',
      'Creek Station, concourse',
      'Lighthouse Square, north corner',
      'Harbour Bridge, span 1 southbound',
      'Harbour Car Park, exit',
    ],
  },
  {
    name: 'Metro platforms',
    layout: grid('9'),
    cameras: stations.map((name) => `${name} Station, platform 1`),
  },
  {
    name: 'Shore Road',
    layout: onePlusFive,
    cameras: [
      'Shore Road, interchange 1',
      'Shore Road, km 1 northbound',
      'Shore Road, km 1 southbound',
      'Shore Road, km 5 northbound',
      'Shore Road, km 5 southbound',
      'Shore Road, interchange 2 ramp',
    ],
  },
  {
    name: 'Buses on line 8',
    layout: grid('4'),
    cameras: ['1204', '1207', '1211', '1215'].map((bus) => `Line 8, bus ${bus}, saloon`),
  },
];

/** Makes the demo's shared walls, once, as soon as its cameras are known. */
export async function seedDemoWalls(db: Db, now: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const site = await trx.selectFrom('site').selectAll().forUpdate().executeTakeFirst();
    const owner = await trx
      .selectFrom('users')
      .select('id')
      .where('name', '=', 'administrator')
      .executeTakeFirst();
    const cameras = await trx
      .selectFrom('cameras')
      .select(['id', 'name'])
      .where('is_removed', '=', false)
      .execute();
    if (site === undefined || site.has_walls || owner === undefined || cameras.length === 0) return;
    const idOf = new Map(cameras.map(({ id, name }) => [name, id]));
    for (const wall of demoWalls) {
      const id = randomUUID();
      const content = { layout: wall.layout, cameraIds: wall.cameras.map((name) => idOf.get(name) ?? null) };
      await trx
        .insertInto('walls')
        .values({
          id,
          name: wall.name,
          is_shared: true,
          owner_id: owner.id,
          version: 1,
          saved_at: now,
          content: JSON.stringify(content),
        })
        .execute();
      await publish(trx, { kind: 'news', news: { kind: 'wall', wallId: id, change: 'saved', version: 1 } });
    }
    await trx.updateTable('site').set({ has_walls: true }).execute();
  });
}

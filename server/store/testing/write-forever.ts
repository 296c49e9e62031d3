/** A process to be killed: writes numbered rows into the embedded database and tells each one it was promised. */
import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { openStore } from '../open-store.ts';

const { db } = await openStore({ directory: process.argv[2] });
for (let number = 1; ; number += 1) {
  await db
    .insertInto('audit')
    .values({
      at: number,
      kind: 'test',
      user_id: randomUUID(),
      details: JSON.stringify({ padding: 'x'.repeat(2000) }),
    })
    .execute();
  process.send?.({ number });
}

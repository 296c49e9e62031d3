import { afterEach, expect, it } from 'vitest';
import { followPage } from './page-life.ts';

const cleanups: (() => void)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

/** A page that tells what it hears, on a browser that says how it is connected. */
function stage() {
  const connection = Object.assign(new EventTarget(), { type: 'wifi', rtt: 50 });
  Object.defineProperty(navigator, 'connection', { value: connection, configurable: true });
  const heard: string[] = [];
  const stop = followPage({
    leave: () => heard.push('leave'),
    comeBack: () => heard.push('come back'),
    improve: () => heard.push('improve'),
    changeNetwork: () => heard.push('network'),
  });
  cleanups.push(stop, () => Reflect.deleteProperty(navigator, 'connection'));
  return { connection, heard };
}

it('takes a new guess of the network’s speed for nothing new', () => {
  const { connection, heard } = stage();
  connection.rtt = 300;
  connection.dispatchEvent(new Event('change'));
  expect(heard).toEqual([]);
});

it('takes another kind of connection for another network, once', () => {
  const { connection, heard } = stage();
  connection.type = 'cellular';
  connection.dispatchEvent(new Event('change'));
  connection.dispatchEvent(new Event('change'));
  expect(heard).toEqual(['network', 'improve']);
});

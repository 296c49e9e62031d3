import { describe, expect, it } from 'vitest';
import { admitted, mostAtOnce, urgencyOf } from './admission.ts';

const sixteen = Array.from({ length: 16 }, (_, index) => ({ key: `t${index}`, urgency: index }));

describe('admission', () => {
  it('lets as many start as may and numbers the others from 1', () => {
    const { start, places } = admitted(sixteen, 0, 4);
    expect(start).toEqual(['t0', 't1', 't2', 't3']);
    expect(places.get('t4')).toBe(1);
    expect(places.get('t15')).toBe(12);
    expect(places.has('t0')).toBe(false);
  });

  it('counts those that are still connecting', () => {
    expect(admitted(sixteen, 3, 4).start).toEqual(['t0']);
    expect(admitted(sixteen, mostAtOnce).start).toEqual([]);
    expect(admitted(sixteen, 99).places.get('t0')).toBe(1);
  });

  it('lets the tile in hand pass, then what can be seen', () => {
    const tiles = [
      { key: 'seen', urgency: urgencyOf({ isSelected: false, isVisible: true, index: 3 }) },
      { key: 'below', urgency: urgencyOf({ isSelected: false, isVisible: false, index: 0 }) },
      { key: 'in hand', urgency: urgencyOf({ isSelected: true, isVisible: true, index: 15 }) },
    ];
    expect(admitted(tiles, 0, 2)).toEqual({ start: ['in hand', 'seen'], places: new Map([['below', 1]]) });
  });
});

import { describe, expect, it } from 'vitest';
import { CameraId } from '#contract/camera.ts';
import { cameraIds, numberOf } from './ids.ts';

describe('camera ids', () => {
  it('stay what they are where they can', () => {
    expect([...cameraIds(['cam-001-sheikh-zayed', 'CAM_2', '7f3a'])]).toEqual([
      ['cam-001-sheikh-zayed', 'cam-001-sheikh-zayed'],
      ['CAM_2', 'cam_2'],
      ['7f3a', '7f3a'],
    ]);
  });

  it('become ones that can be used, each its own and always the same', () => {
    const originals = [
      'Cam 7/A',
      'cam.7.a',
      'cam 7 a',
      'كاميرا',
      '…',
      'x'.repeat(80),
      'Gate',
      'gate',
      '{2A}',
    ];
    const ids = cameraIds(originals);
    expect(new Set(ids.values()).size).toBe(originals.length);
    for (const id of ids.values()) expect(CameraId.safeParse(id).error).toBeUndefined();
    expect(ids.get('Cam 7/A')).toMatch(/^cam-7-a-[0-9a-f]{12}$/);
    expect(ids.get('gate')).toBe('gate');
    expect(ids.get('Gate')).toMatch(/^gate-[0-9a-f]{12}$/);
    expect(cameraIds(['Cam 7/A']).get('Cam 7/A')).toBe(ids.get('Cam 7/A'));
  });
});

it.each([
  ['cam-001', 1],
  ['cam-002-metro-station', 2],
  ['Camera 45', 45],
  ['cam_0120', 120],
  ['cam-000', undefined],
  ['metro-station-2', undefined],
  ['7f3a', undefined],
])('the number of %s is %s', (id, number) => {
  expect(numberOf(id)).toBe(number);
});

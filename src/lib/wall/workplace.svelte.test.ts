import axe from 'axe-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { cleanup, render } from 'vitest-browser-svelte';
import type { Wall } from '#contract/wall.ts';
import { speak } from '#lib/ui/words/words.svelte.ts';
import '#lib/ui/app.css';
import { type BffInPage, bffInPage } from './testing/bff-in-page.ts';
import WorkplaceOnMocks from './testing/WorkplaceOnMocks.svelte';

let site: BffInPage;

beforeEach(async () => {
  await page.viewport(1280, 720);
  site = bffInPage();
});
afterEach(() => {
  // First the page, which gives back what it reserved, then the BFF that it gives it back to.
  cleanup();
  void speak('en');
  site.close();
});

const figures = () => [...document.querySelectorAll<HTMLElement>('figure')];
const numbers = () => figures().map((figure) => Number(figure.dataset['cameraNumber'] ?? 0));
const inState = (state: string) => figures().filter((figure) => figure.dataset['state'] === state).length;

async function openWall() {
  const screen = await render(WorkplaceOnMocks, { bff: site.bff });
  await expect.poll(() => inState('live'), { timeout: 8_000 }).toBe(16);
  return screen;
}

describe('the wall that greets people', () => {
  it('is the city overview, every tile named after its camera and telling its state', async () => {
    await openWall();
    const cameras = new Map(site.bff.directory().cameras.map((camera) => [camera.id, camera]));
    for (const figure of figures()) {
      const camera = cameras.get(figure.dataset['cameraId'] ?? '');
      expect(figure.getAttribute('aria-label')).toBe(camera?.name);
      expect(figure.dataset['cameraNumber']).toBe(String(camera?.number));
      expect(figure.dataset['way']).toBe('test-card');
      expect(Number(figure.dataset['frameAgeMs'])).toBeLessThan(1500);
    }
    expect(new Set(numbers()).size).toBe(16);
  });

  it('is the one that the address asks for, and remembered as the last one used', async () => {
    const other = site.bff.walls().find((wall) => wall.name !== 'City overview');
    const first = await render(WorkplaceOnMocks, { bff: site.bff, wallId: other?.id });
    await expect.element(first.getByText(other?.name ?? '').first()).toBeVisible();
    await expect.poll(() => figures().length).toBe(other?.content.layout.cells.length);
    await first.unmount();
    await render(WorkplaceOnMocks, { bff: site.bff });
    await expect.poll(() => figures().length).toBe(other?.content.layout.cells.length);
    localStorage.clear();
  });

  it('says of a camera that may not be seen live that it may not', async () => {
    const directory = site.bff.directory.bind(site.bff);
    const overview = site.bff.walls().find((wall) => wall.name === 'City overview');
    const barred = overview?.content.cameraIds.find((id) => id !== null) ?? '';
    site.bff.directory = () => {
      const all = directory();
      const cameras = all.cameras.map((camera) =>
        camera.id === barred
          ? { ...camera, rights: camera.rights.filter((right) => right !== 'live') }
          : camera,
      );
      return { ...all, cameras };
    };
    await render(WorkplaceOnMocks, { bff: site.bff });
    await expect.poll(() => inState('live'), { timeout: 8_000 }).toBeGreaterThan(0);
    const tile = figures().find((figure) => figure.dataset['cameraId'] === barred);
    expect([tile?.dataset['state'], tile?.querySelector('.hint')?.textContent.trim()]).toEqual([
      'refused',
      'Not permitted',
    ]);
    expect(tile?.querySelector('video, canvas')).toBeNull();
    expect(site.open.get(barred) ?? 0).toBe(0);
  });

  it('is a step back from the cameras that the address asks for', async () => {
    const [overview] = site.bff.walls().filter((wall) => wall.name === 'City overview');
    const apart = site.bff
      .directory()
      .cameras.filter(
        ({ id, rights }) => rights.includes('live') && !overview?.content.cameraIds.includes(id),
      )
      .slice(0, 3);
    const cameraIds = [...apart.map(({ id }) => id).toReversed(), 'nobody-knows-this-one'];
    await render(WorkplaceOnMocks, { bff: site.bff, cameraIds });
    await expect.poll(numbers).toEqual([...apart.map(({ number }) => number).toReversed(), 0]);
    await expect.poll(() => inState('live'), { timeout: 8_000 }).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await expect
      .poll(() => figures().map((figure) => figure.dataset['cameraId']))
      .toEqual(overview?.content.cameraIds);
  });

  it('stays as it is when it has the cameras that the address asks for', async () => {
    const [overview] = site.bff.walls().filter((wall) => wall.name === 'City overview');
    const cameraIds = [5, 2].flatMap((index) => overview?.content.cameraIds[index] ?? []);
    await render(WorkplaceOnMocks, { bff: site.bff, cameraIds });
    await expect
      .poll(() => figures().map((figure) => figure.dataset['cameraId']))
      .toEqual(overview?.content.cameraIds);
    expect(figures().findIndex((figure) => figure.matches('.selected'))).toBe(5);
  });

  it('is another one, and says so, when the address asks for one that is gone', async () => {
    await render(WorkplaceOnMocks, { bff: site.bff, wallId: crypto.randomUUID() });
    await expect.element(page.getByText('There is no such wall', { exact: false }).first()).toBeVisible();
    await expect.poll(() => figures().length).toBe(16);
  });

  it('asks for all sixteen reservations at once', async () => {
    await openWall();
    expect(site.requests.filter((request) => request === 'POST /api/reservations')).toHaveLength(1);
    expect(site.bff.reservations).toHaveLength(16);
  });

  it('closes its pictures and gives back what it reserved when it is left', async () => {
    const screen = await openWall();
    await screen.unmount();
    expect(site.open.size).toBe(0);
    await expect.poll(() => site.bff.reservations.length).toBe(0);
  });

  it('has nothing that assistive technology stumbles over', async () => {
    await openWall();
    const { violations, passes } = await axe.run(document.body);
    expect(passes.length).toBeGreaterThan(20);
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  }, 20_000);
});

describe('by keyboard', () => {
  const press = (key: string, code: string, repeat = false) =>
    document.activeElement?.dispatchEvent(
      new KeyboardEvent('keydown', { key, code, repeat, bubbles: true, cancelable: true }),
    );

  it('leads to the recordings of the selected camera, on any keyboard, and back to the same wall', async () => {
    const asked: [cameraId: string, at: number][] = [];
    const wall = await render(WorkplaceOnMocks, {
      bff: site.bff,
      onrecordings: (cameraId: string, at: number) => asked.push([cameraId, at]),
    });
    // Keys are heard a moment after the wall is drawn.
    await expect.poll(() => inState('live'), { timeout: 8_000 }).toBe(16);
    figures()[5]?.focus();
    await userEvent.keyboard('123{Enter}');
    await expect.poll(() => numbers()[5]).toBe(123);
    await userEvent.keyboard('r');
    press('ق', 'KeyR');
    const id = figures()[5]?.dataset['cameraId'];
    await expect.poll(() => asked.map(([cameraId]) => cameraId)).toEqual([id, id]);
    expect(Math.abs(Date.now() - 10_000 - asked[0]![1])).toBeLessThan(2_000);
    await wall.unmount();
    await render(WorkplaceOnMocks, { bff: site.bff });
    await expect.poll(() => numbers()[5]).toBe(123);
    sessionStorage.clear();
  });

  it('steps back by ten seconds once, however long the key is held', async () => {
    await openWall();
    figures()[0]?.focus();
    press(',', 'Comma');
    for (let i = 0; i < 5; i++) press(',', 'Comma', true);
    await expect
      .poll(() => document.querySelector<HTMLElement>('[data-rewound]')?.dataset['rewound'])
      .toBe('10000');
    press('و', 'Comma');
    await expect
      .poll(() => document.querySelector<HTMLElement>('[data-rewound]')?.dataset['rewound'])
      .toBe('30000');
    press('ز', 'Period');
    await expect.poll(() => document.querySelector('[data-rewound]')).toBeNull();
  });

  it('calls a camera up by number, clears, undoes and redoes', async () => {
    await openWall();
    const before = numbers();
    figures()[5]?.focus();
    await userEvent.keyboard('123{Enter}');
    await expect.poll(() => numbers()[5]).toBe(123);
    await userEvent.keyboard('{Delete}');
    await expect.poll(() => numbers()[5]).toBe(0);
    await expect.element(page.getByRole('figure', { name: 'Empty tile 6' })).toBeInTheDocument();
    await userEvent.keyboard('{Control>}z{/Control}{Control>}z{/Control}');
    await expect.poll(numbers).toEqual(before);
    await userEvent.keyboard('{Control>}y{/Control}');
    await expect.poll(() => numbers()[5]).toBe(123);
  });

  it('moves between tiles with the focus, and into full screen and back', async () => {
    await openWall();
    figures()[0]?.focus();
    await userEvent.keyboard('{ArrowRight}{ArrowDown}');
    await expect.poll(() => document.activeElement).toBe(figures()[5]);
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => figures()[5]?.getBoundingClientRect().width).toBeGreaterThan(900);
    await userEvent.keyboard('{Escape}');
    await expect.poll(() => figures()[5]?.getBoundingClientRect().width).toBeLessThan(300);
  });

  it('lists its keys on ? and leaves the wall alone while they are shown', async () => {
    await openWall();
    figures()[0]?.focus();
    await userEvent.keyboard('?');
    await expect.element(page.getByRole('dialog', { name: 'Keys of the wall' })).toBeVisible();
    const before = numbers();
    await userEvent.keyboard('{Delete}');
    expect(numbers()).toEqual(before);
    await userEvent.keyboard('{Escape}');
    await expect.poll(() => document.querySelector('dialog')).toBeNull();
  });

  it('ignores keys that are typed into the search', async () => {
    await openWall();
    figures()[0]?.focus();
    await userEvent.keyboard('/');
    const before = numbers();
    await userEvent.keyboard('metro 1{Backspace}{Delete}');
    expect(numbers()).toEqual(before);
    expect(document.activeElement?.getAttribute('role')).toBe('searchbox');
  });
});

describe('drag and drop', () => {
  const tile = (index: number) => page.getByRole('figure').nth(index);

  it('swaps two tiles, and their pictures go on', async () => {
    await openWall();
    const before = numbers();
    const video = figures()[0]?.querySelector('video');
    await userEvent.dragAndDrop(tile(0), tile(6));
    await expect.poll(() => numbers()[6]).toBe(before[0]);
    expect(numbers()[0]).toBe(before[6]);
    expect(figures()[6]?.contains(video ?? null)).toBe(true);
    expect(inState('live')).toBe(16);
    expect(site.requests.filter((request) => request === 'POST /api/reservations')).toHaveLength(1);
  });

  it('puts a camera from the tree on a tile', async () => {
    await openWall();
    await page.getByRole('searchbox').fill('012');
    await userEvent.dragAndDrop(page.getByRole('treeitem').first(), tile(3));
    await expect.poll(() => numbers()[3]).toBe(12);
  });
});

describe('saving', () => {
  /** A wall of the operator's own, opened. */
  async function openMine(): Promise<Wall> {
    const wall = site.bff.createWall({
      name: 'Night shift',
      isShared: false,
      content: site.bff.walls().find(({ name }) => name === 'City overview')!.content,
    });
    localStorage.setItem('parapet.last-wall', JSON.stringify({ tester: wall.id }));
    await openWall();
    await expect.element(page.getByRole('button', { name: /Night shift/ })).toBeVisible();
    return wall;
  }

  it('saves a change under the same name', async () => {
    const { id } = await openMine();
    figures()[0]?.focus();
    await userEvent.keyboard('123{Enter}{Control>}s{/Control}');
    await expect.poll(() => site.bff.wall(id).version).toBe(2);
    await expect
      .element(page.getByRole('button', { name: /Night shift, Not saved/ }))
      .not.toBeInTheDocument();
  });

  it('says that somebody saved a newer version, and loads or overwrites it', async () => {
    const { id } = await openMine();
    figures()[0]?.focus();
    await userEvent.keyboard('123{Enter}');
    const theirs = site.bff.wall(id);
    site.bff.changeWall(id, {
      name: theirs.name,
      isShared: false,
      version: 1,
      content: { ...theirs.content, cameraIds: theirs.content.cameraIds.map(() => null) },
    });
    await userEvent.keyboard('{Control>}s{/Control}');
    const dialog = page.getByRole('dialog', { name: 'Somebody saved a newer version' });
    await expect.element(dialog).toBeVisible();
    await dialog.getByRole('button', { name: 'Overwrite it with mine' }).click();
    await expect.poll(() => site.bff.wall(id).version).toBe(3);
    expect(site.bff.wall(id).content.cameraIds[0]).toBe(figures()[0]?.dataset['cameraId']);
  });

  it('shows what somebody else saved when nothing was changed here', async () => {
    const { id } = await openMine();
    const { name, content } = site.bff.wall(id);
    const cameraIds = content.cameraIds.with(0, null);
    site.bff.changeWall(id, { name, isShared: false, version: 1, content: { ...content, cameraIds } });
    await expect.poll(() => numbers()[0]).toBe(0);
  });

  it('asks for a name for a wall that is somebody else’s', async () => {
    await openWall();
    figures()[0]?.focus();
    await userEvent.keyboard('123{Enter}{Control>}s{/Control}');
    const dialog = page.getByRole('dialog', { name: 'Save the wall as' });
    await dialog.getByLabelText('Name').fill('Mine now');
    await userEvent.keyboard('{Enter}');
    await expect.poll(() => site.bff.walls().map(({ name }) => name)).toContain('Mine now');
    await expect.element(page.getByRole('button', { name: /Mine now/ })).toBeVisible();
  });
});

describe('what happens elsewhere', () => {
  it('says when a camera goes down and brings its picture back when it is up', async () => {
    await openWall();
    const [first] = figures();
    const id = first?.dataset['cameraId'] ?? '';
    figures()[0]?.focus();
    await userEvent.keyboard('11{Enter}');
    await expect.element(page.getByRole('figure').nth(0)).toHaveAttribute('data-state', 'offline');
    expect(site.open.has(id)).toBe(false);
    const eleven = site.bff.directory().cameras.find(({ number }) => number === 11);
    site.bff.setCameraState(eleven?.id ?? '', 'up');
    await expect.poll(() => figures()[0]?.dataset['state'], { timeout: 5_000 }).toBe('live');
  });
});

it('mirrors with the language, and arrows follow the eye', async () => {
  void speak('en-x-rtl');
  document.documentElement.dir = 'rtl';
  try {
    await openWall();
    const left = (index: number) => figures()[index]?.getBoundingClientRect().left ?? NaN;
    expect(left(0)).toBeGreaterThan(left(1));
    expect(document.querySelector('aside')?.getBoundingClientRect().right).toBe(1280);
    figures()[0]?.focus();
    await userEvent.keyboard('{ArrowLeft}');
    await expect.poll(() => document.activeElement).toBe(figures()[1]);
  } finally {
    document.documentElement.dir = 'ltr';
  }
});

it('stands its tiles below each other on a phone, the cameras behind a button', async () => {
  await page.viewport(390, 844);
  await render(WorkplaceOnMocks, { bff: site.bff });
  await expect.poll(() => figures().length).toBe(16);
  const boxes = figures().map((figure) => figure.getBoundingClientRect());
  expect(boxes.every((box) => box.width === 390)).toBe(true);
  expect(boxes[1]!.top).toBeGreaterThan(boxes[0]!.bottom);
  expect(document.querySelector('aside')).toBeNull();
  await page.getByRole('button', { name: 'Show the cameras' }).click();
  await expect.element(page.getByRole('tree')).toBeVisible();
});

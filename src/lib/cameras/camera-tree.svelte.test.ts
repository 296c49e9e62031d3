import axe from 'axe-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import type { Camera, CameraGroup } from '#contract/camera.ts';
import '#lib/ui/app.css';
import CameraTree from './CameraTree.svelte';
import type { DirectoryCondition } from './directory.svelte.ts';

const groups: CameraGroup[] = [
  { id: 'police', name: 'Police' },
  { id: 'north', name: 'North', parentId: 'police' },
  { id: 'metro', name: 'Metro', nameAr: 'المترو' },
];
const cameras = Array.from({ length: 500 }, (_, i): Camera => {
  const number = i + 1;
  return {
    id: `c${number}`,
    number,
    name: `${number % 2 ? 'Gate' : 'Bridge'} ${number}`,
    groupIds: number <= 400 ? ['north', 'police'] : ['metro'],
    streams: [],
    state: number === 3 ? 'down' : 'up',
    hasPtz: false,
    rights: ['live'],
  };
});

function directoryOf(list = cameras, condition: DirectoryCondition = { kind: 'fine' }) {
  return { condition, cameras: list, groups, refresh: () => undefined };
}

let used: number[];

async function openTree(directory = directoryOf()) {
  used = [];
  const screen = await render(CameraTree, {
    directory,
    shown: new Set(['c1']),
    onuse: (list: readonly Camera[]) => used.push(...list.map(({ number }) => number)),
  });
  screen.container.style.cssText =
    'display: flex; flex-direction: column; block-size: 400px; inline-size: 280px';
  return screen;
}

/** The row that assistive technology is told is active. */
const active = () => {
  const id = document.querySelector('[role=tree]')?.getAttribute('aria-activedescendant');
  return document
    .getElementById(id ?? '')
    ?.innerText.replace(/\s+/g, ' ')
    .trim();
};

beforeEach(() => page.viewport(600, 600));

describe('the tree by keyboard', () => {
  it('says in words that can be read how many are down, in the active row as well', async () => {
    await openTree();
    await userEvent.tab();
    await userEvent.tab();
    await expect.poll(active).toBe('Police 1 down 400');
    const row = document.querySelector('[role=treeitem].active') ?? document.body;
    const { violations, passes } = await axe.run(row, { runOnly: ['color-contrast'] });
    expect(passes).toHaveLength(1);
    expect(violations.map(({ nodes }) => nodes[0]?.html)).toEqual([]);
  });

  it('opens groups, goes through cameras and gives one to the wall', async () => {
    await openTree();
    await userEvent.tab();
    await userEvent.tab();
    await expect.poll(active).toBe('Police 1 down 400');
    await userEvent.keyboard('{ArrowRight}{ArrowRight}{ArrowRight}{ArrowRight}');
    await expect.poll(active).toBe('001 Gate 1');
    await userEvent.keyboard('{ArrowDown}{Enter}');
    expect(used).toEqual([2]);
    await userEvent.keyboard('{ArrowLeft}{ArrowLeft}');
    await expect.poll(active).toBe('North 1 down 400');
  });

  it('finds by type-ahead, and the end of 400 cameras in one key, drawing only those in sight', async () => {
    await openTree();
    await userEvent.tab();
    await userEvent.tab();
    await userEvent.keyboard('m');
    await expect.poll(active).toBe('Metro 100');
    await userEvent.keyboard('{ArrowRight}{End}');
    await expect.poll(active).toBe('500 Bridge 500');
    expect(document.querySelectorAll('[role=treeitem]').length).toBeLessThan(40);
  });

  it('tells where each row stands', async () => {
    await openTree();
    const police = page.getByRole('treeitem').first();
    await expect.element(police).toHaveAttribute('aria-level', '1');
    await expect.element(police).toHaveAttribute('aria-setsize', '2');
    await expect.element(police).toHaveAttribute('aria-expanded', 'false');
    await police.click();
    await expect.element(police).toHaveAttribute('aria-expanded', 'true');
  });
});

describe('the search', () => {
  it('answers while one types; Enter takes the best', async () => {
    await openTree();
    await page.getByRole('searchbox').fill('14');
    await expect.element(page.getByRole('status').first()).toHaveTextContent('15 cameras found');
    await userEvent.keyboard('{Enter}');
    expect(used).toEqual([14]);
  });

  it('leads into the results with the down arrow and back with Escape', async () => {
    await openTree();
    await page.getByRole('searchbox').fill('bridge');
    await userEvent.keyboard('{ArrowDown}{ArrowDown}');
    await expect.poll(active).toBe('004 Bridge 4');
    await page.getByRole('searchbox').click();
    await userEvent.keyboard('{Escape}');
    await expect.element(page.getByRole('searchbox')).toHaveValue('');
  });

  it('says what was not found', async () => {
    await openTree();
    await page.getByRole('searchbox').fill('submarine');
    await expect.element(page.getByText(/No camera matches/)).toBeVisible();
  });
});

describe('what is said about the list', () => {
  const noon = new Date();
  noon.setHours(12, 4, 0, 0);

  it.each<[string, Camera[], DirectoryCondition, RegExp]>([
    ['that it loads', [], { kind: 'loading' }, /Reading the camera list/],
    ['why it cannot be read', [], { kind: 'failed', error: new Error() }, /cannot be read.*does not answer/],
    ['that nothing may be seen', [], { kind: 'none-permitted' }, /administrator can give you rights/],
    [
      'from when it is',
      cameras,
      { kind: 'stale', since: noon.getTime() },
      /from 12:04; the recorder does not answer/,
    ],
    ['that everything is down', cameras, { kind: 'all-down', count: 500 }, /All 500 cameras are down/],
  ])('%s', async (_, list, condition, words) => {
    await openTree(directoryOf(list, condition));
    await expect.element(page.getByText(words)).toBeVisible();
  });
});

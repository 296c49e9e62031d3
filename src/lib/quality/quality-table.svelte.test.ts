import axe from 'axe-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { cleanup, render } from 'vitest-browser-svelte';
import '#lib/ui/app.css';
import { speak } from '#lib/ui/words/words.svelte.ts';
import QualityTable from './QualityTable.svelte';

beforeEach(() => page.viewport(1000, 500));
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  void speak('en');
});

const camera = (number: number, name: string, score: number, more: object = {}) => ({
  cameraId: `c${number}`,
  number,
  name,
  score,
  worst: score,
  factor: score < 95 ? 'latency' : 'none',
  viewers: 1,
  ways: [{ way: 'whep', viewers: 1 }],
  since: '2026-11-20T12:00:00.000Z',
  reportedAt: '2026-11-20T12:00:00.000Z',
  ...more,
});
const some = [
  camera(1, 'Gate 1', 99),
  camera(22, 'Corniche / West', 35, {
    viewers: 3,
    ways: [
      { way: 'hls', viewers: 2 },
      { way: 'whep', viewers: 1 },
    ],
  }),
  camera(3, 'Depot', 70, { viewers: 0, ways: [] }),
];

function answer(cameras: readonly unknown[]) {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(JSON.stringify({ cameras })));
}
const rows = () =>
  [...document.querySelectorAll('tbody tr')].map((row) => row.querySelector('th')?.textContent.trim());

describe('cameras by how they are experienced', () => {
  it('stand the worst first, in words and numbers', async () => {
    answer(some);
    await render(QualityTable);
    await expect.poll(rows).toEqual(['Corniche / West', 'Depot', 'Gate 1']);
    const [first, second] = page.getByRole('row').elements().slice(1);
    expect(first?.textContent).toMatch(
      /022\s*Corniche \/ West\s*35 Bad\s*The picture is late\s*3.*HLS 2 · WHEP 1/s,
    );
    expect(second?.textContent).toContain('Not watched now');
  });

  it('are sorted by any column, by keyboard too', async () => {
    answer(some);
    await render(QualityTable);
    await expect.poll(rows).toHaveLength(3);
    const number = page.getByRole('button', { name: 'No.' });
    (number.element() as HTMLElement).focus();
    await userEvent.keyboard('{Enter}');
    await expect.poll(rows).toEqual(['Gate 1', 'Depot', 'Corniche / West']);
    expect(page.getByRole('columnheader', { name: 'No.' }).element().getAttribute('aria-sort')).toBe(
      'ascending',
    );
    await number.click();
    await expect.poll(rows).toEqual(['Corniche / West', 'Depot', 'Gate 1']);
  });

  it('are none, and that is said', async () => {
    answer([]);
    await render(QualityTable);
    await expect.element(page.getByText(/^Nobody watches a camera now/)).toBeVisible();
  });

  it('cannot be read: says why, and can be asked again', async () => {
    let isDown = true;
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
      if (isDown) throw new TypeError('nobody there');
      return new Response(JSON.stringify({ cameras: some }));
    });
    await render(QualityTable);
    await expect
      .poll(() => page.getByRole('alert').elements()[0]?.textContent)
      .toBe('How cameras are watched cannot be read. The server does not answer.');
    // Not before: it asks again by itself as well, and the button goes when there is an answer.
    const again = page.getByRole('button', { name: 'Try again' });
    again.element().addEventListener('click', () => (isDown = false), { capture: true });
    await again.click();
    await expect.poll(rows).toHaveLength(3);
    expect(page.getByRole('alert').elements()).toEqual([]);
  });

  it.each(['en', 'en-x-rtl'])('have nothing that axe finds wrong (%s)', async (code) => {
    void speak(code);
    answer(some);
    const { container } = await render(QualityTable);
    await expect.poll(rows).toHaveLength(3);
    const { violations } = await axe.run(container, { rules: { region: { enabled: false } } });
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });
});

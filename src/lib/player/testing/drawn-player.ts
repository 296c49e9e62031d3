import { render } from 'vitest-browser-svelte';
import type { Player } from '../player.svelte.ts';
import PlayerView from '../Player.svelte';

/** Draws a player into a box of its own on the page. When the cleanups are run it is stopped, and both are gone. */
export async function drawPlayer(player: Player, cleanups: (() => void)[], style = '') {
  const box = document.createElement('div');
  box.style.cssText = `inline-size: 480px; block-size: 270px; ${style}`;
  document.body.append(box);
  const view = await render(PlayerView, { target: box, props: { player } });
  cleanups.push(() => {
    player.stop();
    void view.unmount();
    box.remove();
  });
  return { box, view };
}

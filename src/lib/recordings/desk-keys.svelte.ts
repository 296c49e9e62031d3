import { signOf } from '#lib/ui/key-sign.ts';
import { settings } from '#lib/ui/settings.svelte.ts';
import type { Investigation } from './investigation.svelte.ts';
import { type EvidenceCommand, type TransportCommand, transportKey } from './transport-keys.ts';

/** What keys ask of the page around the pictures. */
export interface DeskPage {
  readonly goTo: () => void;
  readonly timeline: () => void;
  readonly live: () => void;
  readonly search: () => void;
  readonly keys: () => void;
  readonly evidence: (command: EvidenceCommand) => void;
}

/** Runs the keyboard of the recordings. Give it every key that no field, menu or dialog has kept for itself. */
export class DeskKeyboard {
  readonly #investigation: Investigation;
  readonly #page: DeskPage;

  constructor(investigation: Investigation, page: DeskPage) {
    this.#investigation = investigation;
    this.#page = page;
  }

  /** Acts on a key. Others are left alone. */
  press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    if (document.querySelector('dialog[open], [popover]:popover-open')) return;
    const { target } = event;
    if (
      target instanceof HTMLInputElement ||
      target instanceof HTMLSelectElement ||
      target instanceof HTMLTextAreaElement
    )
      return;
    // A button that has the focus is what Space presses.
    const isPressing = target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement;
    if (event.key === ' ' && isPressing) return;
    const { ctrlKey, altKey, metaKey } = event;
    const pressed = { sign: signOf(event), ctrlKey, altKey, metaKey };
    const command = transportKey(pressed, settings.hasLetterKeys);
    if (command === undefined) return;
    event.preventDefault();
    // Only steps are meant again and again while a key is held down.
    if (event.repeat && command !== 'step-back' && command !== 'step-forward') return;
    this.#do(command);
  }

  #do(command: TransportCommand): void {
    const { group } = this.#investigation;
    if (typeof command === 'object') {
      const id = this.#investigation.cameraIds[command.select];
      if (id !== undefined) this.#investigation.selected = id;
      return;
    }
    switch (command) {
      case 'toggle': {
        group.toggle();
        return;
      }
      case 'step-back':
      case 'step-forward':
        return void this.#investigation.step(command === 'step-back' ? -1 : 1);
      case 'slower':
      case 'faster': {
        this.#investigation.faster(command === 'slower' ? -1 : 1);
        return;
      }
      case 'loop': {
        this.#investigation.loop();
        return;
      }
      case 'next-recording':
      case 'previous-recording':
        return void this.#investigation.jump(command === 'next-recording' ? 1 : -1);
      case 'go-to': {
        this.#page.goTo();
        return;
      }
      case 'timeline': {
        this.#page.timeline();
        return;
      }
      case 'live': {
        this.#page.live();
        return;
      }
      case 'search': {
        this.#page.search();
        return;
      }
      case 'keys': {
        this.#page.keys();
        return;
      }
      case 'bookmark':
      case 'lock':
      case 'export':
      case 'evidence':
        this.#page.evidence(command);
    }
  }
}

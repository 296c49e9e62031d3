import type { Camera } from '#contract/camera.ts';
import { settings } from '#lib/ui/settings.svelte.ts';
import { signOf } from '#lib/ui/key-sign.ts';
import { notices } from '#lib/ui/notices.svelte.ts';
import { isolate, language, nameOf, t } from '#lib/ui/words/words.svelte.ts';
import { type Command, commandFor } from './keys.ts';
import type { WallRoom } from './wall-room.svelte.ts';

/** What keys ask of the page around the wall. */
export interface WallPage {
  readonly search: () => void;
  readonly openWall: () => void;
  readonly fullScreen: () => void;
  /** The recordings of a camera. */
  readonly recordings: (camera: Camera) => void;
  readonly canSave: boolean;
  readonly rewind: { readonly backMs: number | undefined; back(): Promise<void>; live(): void };
}

/** Digits that nobody finishes are forgotten. */
const digitsForMs = 5_000;

/** Runs the keyboard of a wall. Give it every key of the page that no field, menu or dialog has kept for itself. */
export class WallKeys {
  readonly #room: WallRoom;
  readonly #page: WallPage;
  #forgetting: ReturnType<typeof setTimeout> | undefined;

  constructor(room: WallRoom, page: WallPage) {
    this.#room = room;
    this.#page = page;
  }

  /** Acts on a key. Keys that are not the wall's are left alone. */
  press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || isTyping(event.target)) return;
    const isPressing = event.target instanceof Element && event.target.closest('button, a, summary') !== null;
    // Enter and Space press the button that has the focus.
    if (isPressing && (event.key === 'Enter' || event.key === ' ')) return;
    const { desk } = this.#room;
    const command = commandFor(
      {
        key: signOf(event),
        ctrl: event.ctrlKey || event.metaKey,
        shift: event.shiftKey,
        alt: event.altKey,
      },
      {
        isArranging: desk.isArranging,
        digits: desk.digits,
        isRightToLeft: language().direction === 'rtl',
        isTileFull: desk.full !== undefined,
        isRewound: this.#page.rewind.backMs !== undefined,
        hasLetterKeys: settings.hasLetterKeys,
      },
    );
    if (!command) return;
    event.preventDefault();
    // A key that is held down is pressed once: the second step back is 30 s, and each jump asks for all pictures anew.
    if (event.repeat && command.do === 'rewind') return;
    this.#do(command);
  }

  /** Ends its timer. Safe to call twice. */
  close(): void {
    clearTimeout(this.#forgetting);
  }

  #do(command: Command): void {
    const { desk } = this.#room;
    if (command.do !== 'type') clearTimeout(this.#forgetting);
    switch (command.do) {
      case 'select':
        desk.digits = '';
        desk.select(command.direction);
        {
          this.#saySelection();
          return;
        }
      case 'select-end':
        desk.selectEnd(command.end);
        {
          this.#saySelection();
          return;
        }
      case 'carry':
        desk.carry(command.direction);
        {
          this.#saySelection();
          return;
        }
      case 'move-tile': {
        desk.moveTile(command.direction);
        return;
      }
      case 'resize-tile': {
        desk.resizeTile(command.direction);
        return;
      }
      case 'type': {
        this.#type(command.digits);
        return;
      }
      case 'call': {
        this.#call(command.number);
        return;
      }
      case 'leave':
        if (desk.digits !== '') desk.digits = '';
        else if (desk.isArranging) desk.toggleArranging();
        else if (desk.full !== undefined) desk.toggleFull();
        return;
      case 'clear':
        desk.clear(desk.selected);
        {
          notices.say(t('wall.cleared', { tile: desk.selected + 1 }));
          return;
        }
      case 'undo': {
        desk.undo();
        return;
      }
      case 'redo': {
        desk.redo();
        return;
      }
      case 'tile-full':
        if (desk.cameraAt(desk.selected)) desk.toggleFull();
        return;
      case 'wall-full': {
        this.#page.fullScreen();
        return;
      }
      case 'search': {
        this.#page.search();
        return;
      }
      case 'open-wall': {
        this.#page.openWall();
        return;
      }
      case 'arrange': {
        desk.toggleArranging();
        return;
      }
      case 'add-tile':
        if (!desk.addTile()) notices.show(t('wall.no-room'), { meaning: 'notice' });
        return;
      case 'remove-tile': {
        desk.removeTile();
        return;
      }
      case 'pin':
        settings.isPinned = !settings.isPinned;
        return;
      case 'why':
        desk.isWhyOpen = !desk.isWhyOpen;
        return;
      case 'clocks':
        settings.hasClocks = !settings.hasClocks;
        return;
      case 'recordings': {
        const camera = desk.cameraAt(desk.selected);
        if (camera) this.#page.recordings(camera);
        return;
      }
      case 'rewind':
        return void this.#page.rewind.back();
      case 'live': {
        this.#page.rewind.live();
        return;
      }
      case 'save':
        if (this.#page.canSave) void this.#room.save();
        return;
      case 'save-as':
        if (this.#page.canSave) this.#room.asking = { kind: 'save-as', suggestion: desk.wall?.name ?? '' };
        return;
      case 'keys':
        this.#room.asking = { kind: 'keys' };
    }
  }

  #type(digits: string): void {
    const { desk } = this.#room;
    desk.digits = digits;
    clearTimeout(this.#forgetting);
    this.#forgetting = setTimeout(() => (desk.digits = ''), digitsForMs);
    const camera = desk.cameraNumbered(Number(digits));
    notices.say(camera ? `${digits}, ${nameOf(camera)}` : digits);
  }

  #call(number: number): void {
    const { desk } = this.#room;
    const camera = desk.call(number);
    if (camera) notices.say(t('wall.called', { name: isolate(nameOf(camera)), tile: desk.selected + 1 }));
    else notices.show(t('wall.no-camera', { digits: number }), { meaning: 'notice' });
  }

  #saySelection(): void {
    const { desk } = this.#room;
    // The focused tile says its camera by itself; an empty one would only say that it is empty.
    if (!desk.cameraAt(desk.selected)) notices.say(t('wall.selected-empty', { tile: desk.selected + 1 }));
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button'].includes(target.type);
}

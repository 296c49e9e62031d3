/** Something that happened and is worth a line at the edge of the screen. */
export interface Notice {
  readonly id: number;
  readonly meaning: 'done' | 'notice' | 'alarm';
  readonly words: string;
  /** Stays until it is closed. Alarms always do. */
  readonly isLasting: boolean;
  /** One thing that can be done about it. */
  readonly action?: { readonly words: string; readonly run: () => void } | undefined;
}

const shownMs = 6_000;
/** More at once would cover what they are about. */
const most = 3;

/** The lines that are shown now, oldest first, and what was said to screen readers last. */
class Notices {
  current = $state.raw<readonly Notice[]>([]);
  /** For the page's live region; changes whenever something is worth saying aloud. */
  spoken = $state.raw('');
  #count = 0;

  /** Shows a line for six seconds, or until it is closed. Gives its id. */
  show(words: string, options: Partial<Omit<Notice, 'id' | 'words'>> = {}): number {
    const { meaning = 'done', isLasting = meaning === 'alarm', action } = options;
    const notice: Notice = { id: ++this.#count, meaning, words, isLasting, action };
    this.current = [...this.current, notice].slice(-most);
    if (!isLasting) setTimeout(() => this.close(notice.id), shownMs);
    return notice.id;
  }

  /** Takes a line away. Fine when it is gone already. */
  close(id: number): void {
    this.current = this.current.filter((notice) => notice.id !== id);
  }

  /** Says something to screen readers only. */
  say(words: string): void {
    // The same words twice would not be announced again; an invisible difference makes them news.
    this.spoken = words === this.spoken ? `${words}\u00a0` : words;
  }
}

export const notices = new Notices();

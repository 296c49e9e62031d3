/** What a drag of a tile carries: its place on the wall it was taken from. */
const tileType = 'application/x-parapet-tile';

/** Makes a drag carry the tile `index`. */
export function dragTile(transfer: DataTransfer, index: number, cameraName: string): void {
  transfer.effectAllowed = 'move';
  transfer.setData(tileType, String(index));
  transfer.setData('text/plain', cameraName);
}

/** Whether a drag over the page carries a tile. */
export function carriesTile(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes(tileType) ?? false;
}

/** The tile that was dropped; undefined for anything else. */
export function droppedTile(transfer: DataTransfer | null): number | undefined {
  const text = transfer?.getData(tileType) ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The variable length codes of CAVLC: ITU-T H.264 tables 9-5 (coeff_token), 9-7/9-8 (total_zeros), 9-10 (run_before). */

export interface Code {
  readonly length: number;
  readonly code: number;
}

/** Codes written as `length:code`, in the order of the table. */
const codes = (text: string): readonly Code[] =>
  text
    .trim()
    .split(/\s+/)
    .map((pair) => {
      const [length = 0, code = 0] = pair.split(':').map(Number);
      return { length, code };
    });

/** One line for each number of coefficients from 1 to 16, in it the codes for 0…3 trailing ones (as far as they can be). */
const coeffTokenTables = [
  // 0 <= nC < 2
  `1:1
   6:5 2:1
   8:7 6:4 3:1
   9:7 8:6 7:5 5:3
   10:7 9:6 8:5 6:3
   11:7 10:6 9:5 7:4
   13:15 11:6 10:5 8:4
   13:11 13:14 11:5 9:4
   13:8 13:10 13:13 10:4
   14:15 14:14 13:9 11:4
   14:11 14:10 14:13 13:12
   15:15 15:14 14:9 14:12
   15:11 15:10 15:13 14:8
   16:15 15:1 15:9 15:12
   16:11 16:14 16:13 15:8
   16:7 16:10 16:9 16:12
   16:4 16:6 16:5 16:8`,
  // 2 <= nC < 4
  `2:3
   6:11 2:2
   6:7 5:7 3:3
   7:7 6:10 6:9 4:5
   8:7 6:6 6:5 4:4
   8:4 7:6 7:5 5:6
   9:7 8:6 8:5 6:8
   11:15 9:6 9:5 6:4
   11:11 11:14 11:13 7:4
   12:15 11:10 11:9 9:4
   12:11 12:14 12:13 11:12
   12:8 12:10 12:9 11:8
   13:15 13:14 13:13 12:12
   13:11 13:10 13:9 13:12
   13:7 14:11 13:6 13:8
   14:9 14:8 14:10 13:1
   14:7 14:6 14:5 14:4`,
  // 4 <= nC < 8
  `4:15
   6:15 4:14
   6:11 5:15 4:13
   6:8 5:12 5:14 4:12
   7:15 5:10 5:11 4:11
   7:11 5:8 5:9 4:10
   7:9 6:14 6:13 4:9
   7:8 6:10 6:9 4:8
   8:15 7:14 7:13 5:13
   8:11 8:14 7:10 6:12
   9:15 8:10 8:13 7:12
   9:11 9:14 8:9 8:12
   9:8 9:10 9:13 8:8
   10:13 9:7 9:9 9:12
   10:9 10:12 10:11 10:10
   10:5 10:8 10:7 10:6
   10:1 10:4 10:3 10:2`,
].map((table) => table.split('\n').map((line) => codes(line)));

/** From nC = 8 on, the code is six bits: coefficients less one, trailing ones; 3 for none at all. */
const manyCoefficients: readonly (readonly Code[])[] = Array.from({ length: 17 }, (_, total) =>
  Array.from({ length: Math.min(total, 3) + 1 }, (_, ones) => ({
    length: 6,
    code: total === 0 ? 3 : ((total - 1) << 2) | ones,
  })),
);

/** One line for each number of coefficients from 1 to 15, in it the codes for 0, 1, 2 … zeros. */
const totalZerosTable = `
  1:1 3:3 3:2 4:3 4:2 5:3 5:2 6:3 6:2 7:3 7:2 8:3 8:2 9:3 9:2 9:1
  3:7 3:6 3:5 3:4 3:3 4:5 4:4 4:3 4:2 5:3 5:2 6:3 6:2 6:1 6:0
  4:5 3:7 3:6 3:5 4:4 4:3 3:4 3:3 4:2 5:3 5:2 6:1 5:1 6:0
  5:3 3:7 4:5 4:4 3:6 3:5 3:4 4:3 3:3 4:2 5:2 5:1 5:0
  4:5 4:4 4:3 3:7 3:6 3:5 3:4 3:3 4:2 5:1 4:1 5:0
  6:1 5:1 3:7 3:6 3:5 3:4 3:3 3:2 4:1 3:1 6:0
  6:1 5:1 3:5 3:4 3:3 2:3 3:2 4:1 3:1 6:0
  6:1 4:1 5:1 3:3 2:3 2:2 3:2 3:1 6:0
  6:1 6:0 4:1 2:3 2:2 3:1 2:1 5:1
  5:1 5:0 3:1 2:3 2:2 2:1 4:1
  4:0 4:1 3:1 3:2 1:1 3:3
  4:0 4:1 2:1 1:1 3:1
  3:0 3:1 1:1 2:1
  2:0 2:1 1:1
  1:0 1:1`
  .trim()
  .split('\n')
  .map((line) => codes(line));

/** One line for each number of zeros left from 1 to 6, then for more; in it the codes for a run of 0, 1, 2 … */
const runBeforeTable = `
  1:1 1:0
  1:1 2:1 2:0
  2:3 2:2 2:1 2:0
  2:3 2:2 2:1 3:1 3:0
  2:3 2:2 3:3 3:2 3:1 3:0
  2:3 3:0 3:1 3:3 3:2 3:5 3:4
  3:7 3:6 3:5 3:4 3:3 3:2 3:1 4:1 5:1 6:1 7:1 8:1 9:1 10:1 11:1`
  .trim()
  .split('\n')
  .map((line) => codes(line));

/** coeff_token for `total` coefficients of which `trailingOnes` are ±1 at the high end. */
export function coeffToken(context: number, total: number, trailingOnes: number): Code {
  const table = context < 2 ? 0 : context < 4 ? 1 : context < 8 ? 2 : 3;
  return (coeffTokenTables[table] ?? manyCoefficients)[total]![trailingOnes]!;
}

/** total_zeros for a block with `total` coefficients, 1…15. */
export function totalZeros(total: number, zeros: number): Code {
  return totalZerosTable[total - 1]![zeros]!;
}

/** run_before while `zerosLeft` > 0 zeros remain. */
export function runBefore(zerosLeft: number, run: number): Code {
  return runBeforeTable[Math.min(zerosLeft, 7) - 1]![run]!;
}

/** For tests: every table, as sets of codes of which none may be the beginning of another. */
export const allTables: readonly (readonly Code[])[] = [
  ...coeffTokenTables.map((table) => table.flat()),
  manyCoefficients.flat(),
  ...totalZerosTable,
  ...runBeforeTable,
];

import type {Texts} from './texts';

export const overviewTexts = {} as const satisfies Texts;

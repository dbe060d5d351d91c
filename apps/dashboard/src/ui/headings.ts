import { createContext } from 'react';

/** The level that the next heading inside has: what is a page here may be a part of one elsewhere. */
export const HeadingLevel = createContext<2 | 3 | 4>(2);

/*
 * Where a child's memory comes from. After the warm-up the parent's heap is full of small holes between what it keeps; a child that allocates
 * from them writes to some 70 pages that it shares with the parent, each of which the kernel copies then. So the parent fills the holes once,
 * and a child allocates from fresh memory behind them, where one thing lies beside the other.
 *
 * It leans on how glibc's malloc works: free chunks first, then the top of the heap. Elsewhere it would do no harm and be of no use. Knowingly not
 * done: to ask for the fresh pages in one call (MADV_POPULATE_WRITE). To make and clear a page costs more than the trap, and half of them are never used [M].
 */
#ifndef ROLLCALL_INTAKE_HEAP_H
#define ROLLCALL_INTAKE_HEAP_H

/** Fills the holes. Once, in the parent, after the warm-up; costs no memory that the heap did not have already. */
void heap_fill_holes(void);

#endif

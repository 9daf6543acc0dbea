/*
 * The system call filter of a child: made once by the parent, loaded by each child.
 */
#ifndef ROLLCALL_INTAKE_SANDBOX_FILTER_H
#define ROLLCALL_INTAKE_SANDBOX_FILTER_H

/** For the parent, before it forks. Fatal when the filter cannot be made. */
void sandbox_filter_make(void);

/** For the child, after sandbox_filter_make() in its parent. From here on only what the list allows. Fatal when the kernel does not take it. */
void sandbox_filter_load(void);

#endif

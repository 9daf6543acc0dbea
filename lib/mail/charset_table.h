/*
 * Character sets of one byte a letter, as tables of ours. The C library has each in a library of its own, which a child can no longer load and of which
 * fork(2) copies five mappings: for 31 of them a third of all, and a tenth of what a post costs intake. So mail_warm_up() has the C library fill
 * in these tables, lets it unload its own, and iconv_open(), iconv() and iconv_close() are ours: for all libraries in the process, as GMime calls
 * them for fields and GLib for bodies. What is not between UTF-8 and one of these sets goes on to the C library.
 *
 * Knowingly not here: windows-1255 and windows-1258, which the C library puts together from letter and mark, and all with more than one byte
 * a letter: they stay with the C library.
 */
#ifndef ROLLCALL_MAIL_CHARSET_TABLE_H
#define ROLLCALL_MAIL_CHARSET_TABLE_H

#include <glib.h>

/** Fills the tables. Once, in the parent, before the sandbox closes. Appends the names of those that this machine lacks to `missing`, with blanks between. */
void charset_table_fill(GString *missing);

#endif

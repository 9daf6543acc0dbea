/*
 * What `rollcall check` finds: one line each, with what to do about it. Adding never fails; what is printed is the
 * order in which things were looked at.
 */
#ifndef ROLLCALL_CLI_REPORT_H
#define ROLLCALL_CLI_REPORT_H

#include <glib.h>

enum report_level {
	REPORT_OK,
	REPORT_WARNING, /**< mail works, but somebody should look */
	REPORT_ERROR,   /**< mail would be refused, wait, loop or go out wrong */
};

struct report;

struct report *report_new(void) G_GNUC_WARN_UNUSED_RESULT;
void report_free(struct report *report);

/** Adds a finding: what is so. */
void report_add(struct report *report, enum report_level level, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** Says what to do about the finding that was added last. */
void report_todo(struct report *report, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** How many findings are errors. */
guint report_errors(const struct report *report);

/** "level: text — what to do" lines, or with `json` an array of {level, text, todo}. The caller frees. */
char *report_text(const struct report *report, gboolean json) G_GNUC_WARN_UNUSED_RESULT;

#endif

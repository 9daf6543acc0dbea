/*
 * What a list's settings have looked at before its scenario, in Mailman's order: who is banned, the emergency brake, then what a
 * moderator should see. They are the conditions of scenarios, without arguments.
 */
#include "lib/rules/rules_internal.h"

static const struct rules_check_row rows[RULES_CHECK_COUNT] = {
	[RULES_CHECK_BANNED] = {{RULES_SETTINGS, 0, 0, "banned"}, "is_banned()", rules_condition_is_banned, "banned"},
	[RULES_CHECK_EMERGENCY] = {{RULES_SETTINGS, 0, 0, "emergency"}, "is_emergency()", rules_condition_is_emergency,
		"emergency"},
	[RULES_CHECK_ADMINISTRIVIA] = {{RULES_SETTINGS, 0, 0, "administrivia"}, "administrivia()",
		rules_condition_administrivia, "administrivia"},
	[RULES_CHECK_DESTINATION] = {{RULES_SETTINGS, 0, 0, "require_explicit_destination"}, "implicit_destination()",
		rules_condition_implicit_destination, "implicit-destination"},
	[RULES_CHECK_RECIPIENTS] = {{RULES_SETTINGS, 0, 0, "max_recipients"}, "too_many_recipients()",
		rules_condition_too_many_recipients, "too-many-recipients"},
	[RULES_CHECK_SIZE] = {{RULES_SETTINGS, 0, 0, "max_size"}, "too_big()", rules_condition_too_big, "too-big"},
	[RULES_CHECK_SUBJECT] = {{RULES_SETTINGS, 0, 0, "no_subject"}, "no_subject()", rules_condition_no_subject, "no-subject"},
	[RULES_CHECK_DIGEST] = {{RULES_SETTINGS, 0, 0, "digest_reply"}, "digest_reply()", rules_condition_digest_reply,
		"digest-subject"},
};

const struct rules_check_row *rules_check_row(enum rules_check check)
{
	return &rows[check];
}

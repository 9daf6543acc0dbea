/* Words for what DNS said; see txt_result.h. */
#include "lib/base/txt_result.h"

const char *txt_result_word(guint result)
{
	static const char *const words[] = {
		[TXT_FOUND] = "found",
		[TXT_NO_RECORD] = "no TXT record",
		[TXT_NO_NAME] = "no such name",
		[TXT_TROUBLE] = "no usable answer",
	};

	return result < G_N_ELEMENTS(words) ? words[result] : "?";
}

/*-------------------------------------------------------------------------
 *
 * fuzz_guid.c
 *	  libFuzzer target for the reader and the writer of guids.
 *
 * The verdict is compared with a second reader, written from the grammar and
 * as plainly as possible; what was read must come back from its own print.
 *
 *	make fuzz
 *
 * tools/fuzz/fuzz_guid.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>
#include <string.h>

#include "guid_parse.h"

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * The grammar: strip white space, then either sixteen digits, or eight pairs
 * with one and the same separator between them.
 */
static bool
grammar_accepts(const char *s, size_t len, uint64_t *guid)
{
	const char *hex = "0123456789abcdef0123456789ABCDEF";
	int			digits = 0;
	size_t		i;

	while (len > 0 && strchr(" \t\n\v\f\r", *s) != NULL && *s != '\0')
		s++, len--;
	while (len > 0 && s[len - 1] != '\0' && strchr(" \t\n\v\f\r", s[len - 1]) != NULL)
		len--;

	*guid = 0;
	for (i = 0; i < len; i++)
	{
		const char *digit = s[i] == '\0' ? NULL : strchr(hex, s[i]);

		if (digit != NULL)
		{
			if (++digits > 16)
				return false;
			*guid = *guid * 16 + (uint64_t) ((digit - hex) % 16);
		}
		else if (len != 23 || i % 3 != 2 || (s[i] != '-' && s[i] != ':') || s[i] != s[2])
			return false;
	}
	return digits == 16 && (len == 16 || len == 23);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *copy = malloc(size > 0 ? size : 1);
	char		printed[POA_GUID_TEXT_LENGTH];
	uint64_t	guid = 42;
	uint64_t	expected;
	uint64_t	again;

	memcpy(copy, data, size);
	if (poa_guid_parse(copy, size, &guid))
	{
		REQUIRE(grammar_accepts(copy, size, &expected) && guid == expected);
		poa_guid_print(guid, printed);
		REQUIRE(poa_guid_parse(printed, sizeof(printed), &again) && again == guid);
	}
	else
		REQUIRE(!grammar_accepts(copy, size, &expected) && guid == 42);
	free(copy);
	return 0;
}

/*-------------------------------------------------------------------------
 *
 * fuzz_duis.c
 *	  libFuzzer target for what finds the XML document in a text.
 *
 * The sanitizers watch the reads; what is checked here is that a document that
 * was found is found again by itself, and no longer with something behind it.
 *
 *	make fuzz
 *
 * tools/fuzz/fuzz_duis.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "duis_parse.h"

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Find the document in a copy that ends where the heap block ends, so that the
 * sanitizer sees a read behind it.
 */
static PoaDuisStatus
find_in_copy(const char *str, size_t len, PoaDuisExtent *extent)
{
	char	   *copy = malloc(len > 0 ? len : 1);
	PoaDuisStatus status;

	REQUIRE(copy != NULL);
	if (len > 0)
		memcpy(copy, str, len);
	status = poa_duis_find_document(copy, len, extent);
	free(copy);
	return status;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;
	PoaDuisExtent extent;
	PoaDuisExtent again;
	PoaDuisStatus status = find_in_copy(text, size, &extent);
	static const char root[] = {'<', 'a', '/', '>'};
	char	   *longer;

	if (status != POA_DUIS_DOCUMENT && status != POA_DUIS_MORE)
		return 0;
	REQUIRE(extent.start < extent.end && extent.end <= size);
	REQUIRE(status == POA_DUIS_MORE || extent.end == size);

	/* what was left out is not missed */
	status = find_in_copy(text +extent.start, extent.end - extent.start, &again);
	REQUIRE(status == POA_DUIS_DOCUMENT);
	REQUIRE(again.end == extent.end - extent.start);

	/* a second document is noticed, unless the first one lacks its end */
	longer = malloc(size + sizeof(root));
	REQUIRE(longer != NULL);
	memcpy(longer, text, size);
	memcpy(longer + size, root, sizeof(root));
	status = find_in_copy(longer, size + sizeof(root), &again);
	REQUIRE(status == POA_DUIS_MORE || status == POA_DUIS_DOCUMENT);
	free(longer);
	return 0;
}

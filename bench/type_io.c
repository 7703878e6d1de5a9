/*-------------------------------------------------------------------------
 *
 * type_io.c
 *	  Call a type's input or output function over and over, with nothing
 *	  around it that would blur the comparison of one type with another.
 *
 * bench/type_io.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

PG_MODULE_MAGIC;

/*
 * parse(type regtype, texts text[], times int)
 */
PG_FUNCTION_INFO_V1(parse);
Datum
parse(PG_FUNCTION_ARGS)
{
	ArrayType  *texts = PG_GETARG_ARRAYTYPE_P(1);
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "parse", ALLOCSET_DEFAULT_SIZES);
	Oid			input;
	Oid			typioparam;
	FmgrInfo	function;
	Datum	   *elements;
	int			n;
	char	  **strings;

	getTypeInputInfo(PG_GETARG_OID(0), &input, &typioparam);
	fmgr_info(input, &function);
	deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &n);
	strings = palloc(n * sizeof(char *));
	for (int i = 0; i < n; i++)
		strings[i] = TextDatumGetCString(elements[i]);

	for (int time = 0; time < PG_GETARG_INT32(2); time++)
	{
		MemoryContext old = MemoryContextSwitchTo(memory);

		for (int i = 0; i < n; i++)
			(void) InputFunctionCall(&function, strings[i], typioparam, -1);
		MemoryContextSwitchTo(old);
		MemoryContextReset(memory);
	}
	PG_RETURN_VOID();
}

/*
 * print(things anyarray, times int)
 */
PG_FUNCTION_INFO_V1(print);
Datum
print(PG_FUNCTION_ARGS)
{
	ArrayType  *things = PG_GETARG_ARRAYTYPE_P(0);
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "print", ALLOCSET_DEFAULT_SIZES);
	Oid			output;
	bool		varlena;
	FmgrInfo	function;
	int16		length;
	bool		by_value;
	char		align;
	Datum	   *elements;
	int			n;

	getTypeOutputInfo(ARR_ELEMTYPE(things), &output, &varlena);
	fmgr_info(output, &function);
	get_typlenbyvalalign(ARR_ELEMTYPE(things), &length, &by_value, &align);
	deconstruct_array(things, ARR_ELEMTYPE(things), length, by_value, align, &elements, NULL, &n);

	for (int time = 0; time < PG_GETARG_INT32(1); time++)
	{
		MemoryContext old = MemoryContextSwitchTo(memory);

		for (int i = 0; i < n; i++)
			(void) OutputFunctionCall(&function, elements[i]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(memory);
	}
	PG_RETURN_VOID();
}

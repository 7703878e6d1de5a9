/*-------------------------------------------------------------------------
 *
 * attach.c
 *	  Attachment: the trigger on a table of alerts, its arguments, the columns
 *	  they name, and the root of a partition.
 *
 * A table is attached by a trigger that calls poa.divert(), whatever the name of
 * that trigger.  Its arguments are all the configuration there is.
 *
 * src/attach.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "attach.h"
#include "catalog.h"
#include "compat.h"

/* Sorts last, so that what other triggers make of a row is judged */
#define TRIGGER_NAME	"~poa_suppress"

/* What a column of a role may hold */
typedef enum ColumnKind
{
	KIND_TEXT,					/* text, varchar or char(n) */
	KIND_GUID,					/* guid, or a text that try_guid() reads */
	KIND_TIME,					/* timestamptz */
	KIND_EQUALITY				/* any type with an equality */
} ColumnKind;

/* The columns that the trigger's arguments name, by PoaArgument */
static const struct
{
	const char *name;			/* of the argument of poa.attach() */
	ColumnKind	kind;
}			roles[POA_NUM_COLUMN_ARGS] = {
	[POA_ARG_CODE] = {"code", KIND_TEXT},
	[POA_ARG_CHF] = {"chf", KIND_GUID},
	[POA_ARG_AT] = {"at", KIND_TIME},
	[POA_ARG_MPXN] = {"mpxn", KIND_TEXT},
	[POA_ARG_DEVICE] = {"device", KIND_GUID},
	[POA_ARG_KEY] = {"key", KIND_EQUALITY},
	[POA_ARG_STARTED] = {"started", KIND_TIME},
};

/* Why a column does not fit its role */
typedef struct ColumnFault
{
	int			sqlstate;		/* 0 where it fits */
	AttrNumber	attno;			/* 0 where there is none of that name */
	bool		type_fits;		/* but is not the one that was attached */
	char	   *message;
	char	   *sentence;		/* the same with what is wanted */
} ColumnFault;

/*
 * The table of which one is a partition, InvalidOid where it is none.  A
 * partition that is being detached concurrently is one until that is done, and
 * may be written to; get_partition_ancestors() finds no ancestors of it.
 */
Oid
poa_partition_parent(Oid relid)
{
	return get_rel_relispartition(relid) ? get_partition_parent(relid, true) : InvalidOid;
}

/*
 * The table that the log names for one that is attached: for a partition the
 * root of its tree.
 */
Oid
poa_attached_root(Relation alerts)
{
	Oid			relid = RelationGetRelid(alerts);
	Oid			parent;

	while (OidIsValid(parent = poa_partition_parent(relid)))
		relid = parent;
	return relid;
}

/*
 * The name of a table as a statement has to write it, with its schema.
 */
static char *
qualified_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  get_rel_name(relid));
}

/*
 * Does a type fit a kind of column?
 */
static bool
type_fits(ColumnKind kind, Oid type)
{
	bool		is_text = type == TEXTOID || type == VARCHAROID || type == BPCHAROID;

	switch (kind)
	{
		case KIND_TEXT:
			return is_text;
		case KIND_GUID:
			return is_text || type == poa_guid_type();
		case KIND_TIME:
			return type == TIMESTAMPTZOID;
		case KIND_EQUALITY:
			return OidIsValid(lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr);
	}
	pg_unreachable();
}

/*
 * The types that fit a kind of column, for people to read.
 */
static const char *
wanted_type(ColumnKind kind)
{
	switch (kind)
	{
		case KIND_TEXT:
			return "text, character varying or character";
		case KIND_GUID:
			return psprintf("%s, text, character varying or character",
							format_type_be_qualified(poa_guid_type()));
		case KIND_TIME:
			return "timestamp with time zone";
		case KIND_EQUALITY:
			return "a type that has an equality";
	}
	pg_unreachable();
}

/*
 * The letter by which the trigger's arguments keep the type of a column when
 * the table was attached.  Another one that fits does not keep an alert out,
 * but poa.health() reports it.
 */
static char
type_letter(Oid type)
{
	switch (type)
	{
		case TEXTOID:
			return 't';
		case VARCHAROID:
			return 'v';
		case BPCHAROID:
			return 'c';
		case TIMESTAMPTZOID:
			return 'z';
		default:
			return type == poa_guid_type() ? 'g' : 'o';
	}
}

/*
 * Does the column that an argument of the trigger names fit its role?  If not,
 * say why.  "attached_as" is the letter that its type must have, 0 where any
 * that fits will do.
 */
static ColumnFault
check_column(Relation alerts, PoaArgument role, const char *name, char attached_as)
{
	ColumnFault fault = {0};
	const char *table = qualified_name(RelationGetRelid(alerts));
	ColumnKind	kind = roles[role].kind;
	int			attno = SPI_fnumber(RelationGetDescr(alerts), name);
	Form_pg_attribute column;

	if (attno <= 0)
	{
		fault.sqlstate = ERRCODE_UNDEFINED_COLUMN;
		fault.message = psprintf("column \"%s\" of table %s does not exist", name, table);
		fault.sentence = psprintf("The %s column \"%s\" does not exist; it must be %s.",
								  roles[role].name, name, wanted_type(kind));
		return fault;
	}

	fault.attno = (AttrNumber) attno;
	column = TupleDescAttr(RelationGetDescr(alerts), attno - 1);
	if (!type_fits(kind, column->atttypid))
	{
		const char *type = format_type_with_typemod(column->atttypid, column->atttypmod);

		fault.sqlstate = ERRCODE_DATATYPE_MISMATCH;
		fault.message = psprintf("column \"%s\" of table %s has type %s, must be %s",
								 name, table, type, wanted_type(kind));
		fault.sentence = psprintf("The %s column \"%s\" has type %s; it must be %s.",
								  roles[role].name, name, type, wanted_type(kind));
	}
	else if (attached_as != '\0' && attached_as != type_letter(column->atttypid))
	{
		fault.sqlstate = ERRCODE_DATATYPE_MISMATCH;
		fault.message = psprintf("column \"%s\" of table %s has another type than when the table was attached",
								 name, table);
		fault.type_fits = true;
	}
	else if (column->attgenerated != '\0')
	{
		fault.sqlstate = ERRCODE_FEATURE_NOT_SUPPORTED;
		fault.message = psprintf("column \"%s\" of table %s is generated", name, table);
		fault.sentence = psprintf("The %s column \"%s\" is generated; it has no value yet when an alert is judged.",
								  roles[role].name, name);
	}
	return fault;
}

/*
 * The number of the column that an argument of the trigger names, 0 where it
 * names none.  What does not fit any more is an error: 42703, 42804 or 0A000.
 */
AttrNumber
poa_attached_column(Relation alerts, PoaArgument role, char **args)
{
	ColumnFault fault;

	if (args[role][0] == '\0')
		return InvalidAttrNumber;
	fault = check_column(alerts, role, args[role], '\0');
	if (fault.sqlstate != 0)
		ereport(ERROR,
				(errcode(fault.sqlstate),
				 errmsg_internal("%s", fault.message),
				 errdetail("The table has changed since it was attached."),
				 errhint("Detach it with poa.detach() and attach it again with poa.attach()."),
				 errtable(alerts)));
	return fault.attno;
}

/*
 * The statement after which a column fits, NULL where there is none, and what
 * else can be done, NULL where nothing is to be said.
 */
static const char *
mending_statement(Relation alerts, PoaArgument role, const char *name, const ColumnFault *fault,
				  const char **remark)
{
	ColumnKind	kind = roles[role].kind;
	const char *table = qualified_name(poa_attached_root(alerts));
	const char *column = quote_identifier(name);
	const char *guid = format_type_be_qualified(poa_guid_type());
	const char *type = kind == KIND_GUID ? guid : kind == KIND_TIME ? "timestamptz" : "text";
	const char *alter = psprintf("ALTER TABLE %s ALTER COLUMN %s", table, column);
	const char *another = psprintf("name another column: poa.attach(..., %s => '...')", roles[role].name);
	Form_pg_attribute attribute;

	*remark = NULL;

	if (fault->attno == InvalidAttrNumber)
	{
		if (name[0] == '\0' || SPI_fnumber(RelationGetDescr(alerts), name) != SPI_ERROR_NOATTRIBUTE)
		{
			*remark = another;
			return NULL;
		}
		*remark = psprintf("or name another: poa.attach(..., %s => '...')", roles[role].name);
		return psprintf("ALTER TABLE %s ADD COLUMN %s %s", table, column, type);
	}

	attribute = TupleDescAttr(RelationGetDescr(alerts), fault->attno - 1);
	if (fault->sqlstate == ERRCODE_FEATURE_NOT_SUPPORTED)
	{
		if (attribute->attgenerated == ATTRIBUTE_GENERATED_STORED)
			return psprintf("%s DROP EXPRESSION", alter);
		*remark = another;
		return NULL;
	}

	switch (kind)
	{
		case KIND_TEXT:
		case KIND_EQUALITY:
			return psprintf("%s TYPE text", alter);
		case KIND_GUID:
			switch (getBaseType(attribute->atttypid))
			{
				case BYTEAOID:
				case INT8OID:
				case MACADDR8OID:
					return psprintf("%s TYPE %s USING %s::%s", alter, guid, column, guid);
				default:
					return psprintf("%s TYPE %s", alter,
									getBaseType(attribute->atttypid) == poa_guid_type() ? guid : "text");
			}
		case KIND_TIME:
			switch (getBaseType(attribute->atttypid))
			{
				case TIMESTAMPTZOID:
				case TEXTOID:
				case VARCHAROID:
				case BPCHAROID:
					return psprintf("%s TYPE timestamptz USING %s::timestamptz", alter, column);
				case TIMESTAMPOID:
				case DATEOID:
					*remark = "or another zone";
					return psprintf("%s TYPE timestamptz USING %s::timestamp AT TIME ZONE 'UTC'", alter, column);
				case INT4OID:
				case INT8OID:
				case NUMERICOID:
				case FLOAT8OID:
					*remark = "where it counts seconds from 1970";
					return psprintf("%s TYPE timestamptz USING to_timestamp(%s)", alter, column);
				default:
					*remark = another;
					return NULL;
			}
	}
	pg_unreachable();
}

/*
 * The statements that attach a table anew, by the same columns.
 */
static const char *
attaching_statements(Relation alerts, char **args)
{
	const char *table = quote_literal_cstr(qualified_name(RelationGetRelid(alerts)));
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT poa.detach(%s); SELECT poa.attach(%s", table, table);
	for (int role = 0; role < POA_NUM_COLUMN_ARGS; role++)
		appendStringInfo(&sql, ", %s => %s", roles[role].name,
						 args[role][0] == '\0' ? "NULL" : quote_literal_cstr(args[role]));
	appendStringInfo(&sql, ", mode => %s)", quote_literal_cstr(args[POA_ARG_MODE]));
	return sql.data;
}

/*
 * Are the arguments of a trigger what poa.attach() writes?  One that was made by
 * hand with others attaches nothing.
 */
bool
poa_has_attach_arguments(const Trigger *trigger)
{
	return trigger->tgnargs == POA_NUM_ARGS &&
		strlen(trigger->tgargs[POA_ARG_TYPES]) == POA_NUM_COLUMN_ARGS &&
		(strcmp(trigger->tgargs[POA_ARG_MODE], "divert") == 0 ||
		 strcmp(trigger->tgargs[POA_ARG_MODE], "shadow") == 0);
}

/*
 * A copy of the arguments that attach() gave the trigger of a table, which the
 * next invalidation would free; NULL where it has been detached meanwhile.  A
 * trigger that was made by hand, on a view say, attaches nothing, and
 * another session's temporary table cannot be read.
 */
char	  **
poa_attach_arguments(Relation alerts, Oid divert)
{
	if (alerts->rd_rel->relkind != RELKIND_RELATION &&
		alerts->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return NULL;
	if (RELATION_IS_OTHER_TEMP(alerts))
		return NULL;
	for (int i = 0; alerts->trigdesc != NULL && i < alerts->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &alerts->trigdesc->triggers[i];

		if (trigger->tgfoid == divert && poa_has_attach_arguments(trigger))
		{
			char	  **args = palloc(POA_NUM_ARGS * sizeof(char *));

			for (int n = 0; n < POA_NUM_ARGS; n++)
				args[n] = pstrdup(trigger->tgargs[n]);
			return args;
		}
	}
	return NULL;
}

/*
 * trigger_arguments(tgargs): see attach.sql.
 */
PG_FUNCTION_INFO_V1(poa_trigger_arguments);
Datum
poa_trigger_arguments(PG_FUNCTION_ARGS)
{
	bytea	   *tgargs = PG_GETARG_BYTEA_PP(0);
	const char *next = VARDATA_ANY(tgargs);
	const char *end = next + VARSIZE_ANY_EXHDR(tgargs);
	ArrayBuildState *arguments = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	const char *nul;

	while ((nul = memchr(next, '\0', end - next)) != NULL)
	{
		(void) accumArrayResult(arguments, PointerGetDatum(cstring_to_text_with_len(next, nul - next)),
								false, TEXTOID, CurrentMemoryContext);
		next = nul + 1;
	}
	PG_RETURN_DATUM(makeArrayResult(arguments, CurrentMemoryContext));
}

/*
 * column_faults(relation): see attach.sql.
 */
PG_FUNCTION_INFO_V1(poa_column_faults);
Datum
poa_column_faults(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	alerts;
	char	  **args;

	InitMaterializedSRF(fcinfo, 0);
	alerts = try_table_open(PG_GETARG_OID(0), AccessShareLock);
	if (alerts == NULL)
		return (Datum) 0;
	args = poa_attach_arguments(alerts, poa_function("poa.divert()"));
	for (int role = 0; args != NULL && role < POA_NUM_COLUMN_ARGS; role++)
	{
		ColumnFault fault = {0};

		if (args[role][0] != '\0')
			fault = check_column(alerts, role, args[role], args[POA_ARG_TYPES][role]);
		if (fault.sqlstate != 0)
		{
			Datum		values[4];
			bool		nulls[4] = {0};
			const char *remark;
			const char *mend = fault.type_fits ? attaching_statements(alerts, args) :
			mending_statement(alerts, role, args[role], &fault, &remark);

			values[0] = CStringGetTextDatum(roles[role].name);
			values[1] = CStringGetTextDatum(fault.message);
			nulls[2] = mend == NULL;
			values[2] = mend == NULL ? (Datum) 0 : CStringGetTextDatum(mend);
			values[3] = BoolGetDatum(!fault.type_fits);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	table_close(alerts, AccessShareLock);
	return (Datum) 0;
}

/*
 * Open the table that is to be attached.  Raises 42P01 or 42809 for what is no
 * table, 42809 for a table of an extension, 42501 for one of another owner.
 */
static Relation
open_table(Oid relid)
{
	Relation	alerts = try_relation_open(relid, AccessShareLock);
	const char *table;

	if (alerts == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", relid)));
	table = qualified_name(relid);
	if (alerts->rd_rel->relkind != RELKIND_RELATION &&
		alerts->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s is not a table", table),
				 errdetail("Alerts are attached where they are stored: in a table, partitioned or not."),
				 errhint("Attach the table behind the view, or on the server that the foreign table stands for.")));
	if (OidIsValid(getExtensionOfObject(RelationRelationId, relid)))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("table %s belongs to an extension", table),
				 errhint("Attach a table of your own.")));
	if (!has_privs_of_role(GetUserId(), alerts->rd_rel->relowner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of table %s", table)));
	return alerts;
}

/*
 * A table and its partitions, which get a trigger when it gets one.
 */
static List *
tables_of(Relation alerts)
{
	if (alerts->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return list_make1_oid(RelationGetRelid(alerts));
	return find_all_inheritors(RelationGetRelid(alerts), AccessShareLock, NULL);
}

/*
 * Refuse a table that is attached already, or that has a trigger of the same
 * name that is not of this extension: 42710.
 */
static void
refuse_attached(Relation alerts, Oid divert)
{
	ListCell   *cell;

	foreach(cell, tables_of(alerts))
	{
		Relation	part = relation_open(lfirst_oid(cell), NoLock);

		for (int i = 0; part->trigdesc != NULL && i < part->trigdesc->numtriggers; i++)
		{
			Trigger    *trigger = &part->trigdesc->triggers[i];

			if (trigger->tgfoid == divert)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_OBJECT),
						 errmsg("table %s is attached already", qualified_name(RelationGetRelid(alerts))),
						 errdetail("Trigger \"%s\" of table %s attaches it.", trigger->tgname,
								   qualified_name(RelationGetRelid(part))),
						 errhint("Detach it first with poa.detach().")));
			if (strcmp(trigger->tgname, TRIGGER_NAME) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_OBJECT),
						 errmsg("trigger \"%s\" of table %s is not that of an attached table",
								TRIGGER_NAME, qualified_name(RelationGetRelid(part))),
						 errdetail("It calls another function than poa.divert()."),
						 errhint("ALTER TRIGGER \"%s\" ON %s RENAME TO another_name;",
								 TRIGGER_NAME, qualified_name(RelationGetRelid(part)))));
		}
		relation_close(part, NoLock);
	}
}

/*
 * Refuse a table with columns that do not fit, all of them in one error: the
 * SQLSTATE of the first, a sentence each, and the statement that mends each.
 */
static void
refuse_columns(Relation alerts, char **args)
{
	StringInfoData sentences;
	StringInfoData statements;
	ColumnFault first = {0};
	int			n = 0;

	initStringInfo(&sentences);
	initStringInfo(&statements);
	for (int role = 0; role < POA_NUM_COLUMN_ARGS; role++)
	{
		ColumnFault fault;
		const char *mend;
		const char *remark;

		if (args[role] == NULL)
			continue;
		fault = check_column(alerts, role, args[role], '\0');
		if (fault.sqlstate == 0)
			continue;
		if (n++ == 0)
			first = fault;
		appendStringInfo(&sentences, "%s%s", n > 1 ? "\n" : "", fault.sentence);
		mend = mending_statement(alerts, role, args[role], &fault, &remark);
		if (n > 1)
			appendStringInfoChar(&statements, '\n');
		if (mend != NULL)
			appendStringInfo(&statements, "%s;", mend);
		if (mend != NULL && remark != NULL)
			appendStringInfoChar(&statements, ' ');
		if (remark != NULL)
			appendStringInfo(&statements, "-- %s", remark);
	}
	if (n > 0)
		ereport(ERROR,
				(errcode(first.sqlstate),
				 n == 1 ? errmsg_internal("%s", first.message) :
				 errmsg("%d columns of table %s do not fit", n, qualified_name(RelationGetRelid(alerts))),
				 errdetail_internal("%s", sentences.data),
				 errhint("%s", statements.data),
				 errtable(alerts)));
}

/*
 * The letters of the types of the columns that fit, '-' where there is none.
 */
static char *
types_of_columns(Relation alerts, char **args)
{
	char	   *types = palloc0(POA_NUM_COLUMN_ARGS + 1);

	for (int role = 0; role < POA_NUM_COLUMN_ARGS; role++)
	{
		int			attno = args[role] == NULL ? 0 : SPI_fnumber(RelationGetDescr(alerts), args[role]);

		types[role] = '-';
		if (attno != 0)
			types[role] = type_letter(SPI_gettypeid(RelationGetDescr(alerts), attno));
	}
	return types;
}

/*
 * Create the trigger, as the caller.
 */
static void
create_trigger(Relation alerts, char **args)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TRIGGER %s BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION poa.divert(",
					 quote_identifier(TRIGGER_NAME), qualified_name(RelationGetRelid(alerts)));
	for (int i = 0; i < POA_NUM_ARGS; i++)
		appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "", quote_literal_cstr(args[i] == NULL ? "" : args[i]));
	appendStringInfoChar(&sql, ')');

	SPI_connect();
	if (SPI_execute(sql.data, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "cannot create the trigger");
	SPI_finish();
}

/*
 * Warn of other BEFORE ROW triggers that fire after the alert has been judged.
 */
static void
warn_of_later_triggers(Relation alerts)
{
	ListCell   *cell;

	foreach(cell, tables_of(alerts))
	{
		Relation	part = relation_open(lfirst_oid(cell), NoLock);

		for (int i = 0; part->trigdesc != NULL && i < part->trigdesc->numtriggers; i++)
		{
			Trigger    *trigger = &part->trigdesc->triggers[i];

			if (strcmp(trigger->tgname, TRIGGER_NAME) > 0 &&
				!trigger->tgisinternal && !trigger->tgisclone &&
				TRIGGER_FOR_ROW(trigger->tgtype) && TRIGGER_FOR_BEFORE(trigger->tgtype) &&
				TRIGGER_FOR_INSERT(trigger->tgtype))
				ereport(WARNING,
						(errmsg("trigger \"%s\" of table %s fires after the alert has been judged",
								trigger->tgname, qualified_name(RelationGetRelid(part))),
						 errdetail("It does not see diverted alerts, and what it changes in others is not judged."),
						 errhint("Give it a name that sorts before \"%s\".", TRIGGER_NAME)));
		}
		relation_close(part, NoLock);
	}
}

/*
 * Warn of a count of throttled alerts that is generated: it has no value yet
 * when an alert is logged, which then counts as one.
 */
static void
warn_of_generated_count(Relation alerts)
{
	int			attno = SPI_fnumber(RelationGetDescr(alerts), "alert_count");

	if (attno > 0 && TupleDescAttr(RelationGetDescr(alerts), attno - 1)->attgenerated != '\0')
		ereport(WARNING,
				(errmsg("column \"alert_count\" of table %s is generated",
						qualified_name(RelationGetRelid(alerts))),
				 errdetail("It has no value yet when an alert is logged, so each suppressed alert counts as one.")));
}

/*
 * attach(alerts, code, chf, at, mpxn, device, mode, key, started): see
 * attach.sql.
 */
PG_FUNCTION_INFO_V1(poa_attach);
Datum
poa_attach(PG_FUNCTION_ARGS)
{
	/* the position of each of the trigger's arguments among those of attach() */
	static const int position[] = {
		[POA_ARG_CODE] = 1,[POA_ARG_CHF] = 2,[POA_ARG_AT] = 3,[POA_ARG_MPXN] = 4,
		[POA_ARG_DEVICE] = 5,[POA_ARG_MODE] = 6,[POA_ARG_KEY] = 7,[POA_ARG_STARTED] = 8,
	};
	char	   *args[POA_NUM_ARGS] = {0};
	Relation	alerts;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(position[POA_ARG_CODE]) ||
		PG_ARGISNULL(position[POA_ARG_CHF]) || PG_ARGISNULL(position[POA_ARG_AT]))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("alerts, code, chf and at must not be NULL"),
				 errhint("Only mpxn, device, key and started may be NULL, where the table has no such column.")));
	for (int role = 0; role < POA_NUM_COLUMN_ARGS; role++)
		if (!PG_ARGISNULL(position[role]))
			args[role] = pstrdup(NameStr(*PG_GETARG_NAME(position[role])));
	if (!PG_ARGISNULL(position[POA_ARG_MODE]))
		args[POA_ARG_MODE] = text_to_cstring(PG_GETARG_TEXT_PP(position[POA_ARG_MODE]));
	if (args[POA_ARG_MODE] == NULL ||
		(strcmp(args[POA_ARG_MODE], "divert") != 0 && strcmp(args[POA_ARG_MODE], "shadow") != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid mode: %s", args[POA_ARG_MODE] == NULL ? "NULL" :
						quote_literal_cstr(args[POA_ARG_MODE])),
				 errhint("A mode is divert or shadow.")));

	alerts = open_table(PG_GETARG_OID(0));
	refuse_attached(alerts, poa_function("poa.divert()"));
	refuse_columns(alerts, args);
	args[POA_ARG_SCHEMA] = get_namespace_name(get_rel_namespace(poa_attached_root(alerts)));
	args[POA_ARG_TABLE] = get_rel_name(poa_attached_root(alerts));
	args[POA_ARG_TYPES] = types_of_columns(alerts, args);
	create_trigger(alerts, args);
	warn_of_later_triggers(alerts);
	warn_of_generated_count(alerts);
	relation_close(alerts, NoLock);
	PG_RETURN_VOID();
}

/*
 * The table whose partition a table is, however deep, and that is attached for
 * itself.
 */
static Oid
attached_above(Oid relid, Oid divert)
{
	bool		found = false;

	while (!found && OidIsValid(relid = poa_partition_parent(relid)))
	{
		Relation	above = table_open(relid, AccessShareLock);

		for (int i = 0; above->trigdesc != NULL && i < above->trigdesc->numtriggers; i++)
			found |= above->trigdesc->triggers[i].tgfoid == divert && !above->trigdesc->triggers[i].tgisclone;
		table_close(above, AccessShareLock);
	}
	return relid;
}

/*
 * detach(alerts): see attach.sql.
 */
PG_FUNCTION_INFO_V1(poa_detach);
Datum
poa_detach(PG_FUNCTION_ARGS)
{
	Oid			divert = poa_function("poa.divert()");
	Relation	alerts;
	const char *table;
	StringInfoData sql;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("alerts must not be NULL")));
	alerts = try_relation_open(PG_GETARG_OID(0), AccessShareLock);
	if (alerts == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", PG_GETARG_OID(0))));
	table = qualified_name(RelationGetRelid(alerts));

	initStringInfo(&sql);
	for (int i = 0; alerts->trigdesc != NULL && i < alerts->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &alerts->trigdesc->triggers[i];

		if (trigger->tgfoid != divert)
			continue;
		if (trigger->tgisclone)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table %s is attached as a partition", table),
					 errhint("Detach the whole table: poa.detach(%s).",
							 quote_literal_cstr(qualified_name(attached_above(RelationGetRelid(alerts), divert))))));
		appendStringInfo(&sql, "DROP TRIGGER %s ON %s; ", quote_identifier(trigger->tgname), table);
	}
	relation_close(alerts, NoLock);
	if (sql.len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("table %s is not attached", table),
				 errhint("Attached tables are those in view poa.attached.")));

	SPI_connect();
	if (SPI_execute(sql.data, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "cannot drop the trigger");
	SPI_finish();
	PG_RETURN_VOID();
}

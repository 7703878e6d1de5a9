# docs/reference.md and the catalog agree on schema poa: every function,
# table and view is there with its arguments, columns and rights, nothing is
# there that does not exist, and the errors of a function are those of its
# comment.  So are the settings, and the checks of health and verify.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION poa_suppress;
	CREATE ROLE o; CREATE ROLE a; CREATE ROLE d;
	SELECT poa.grant_operator('o'), poa.grant_auditor('a'), poa.grant_dno('d', 12);
});

# entries(SQL): {heading => what comes with it}, for a query of these columns
sub entries
{
	my ($sql) = @_;
	my $rows = $node->safe_psql('postgres', $sql, extra_params => [ '-F', "\x01", '-R', "\x02" ]);
	return map { my ($heading, $what) = split /\x01/; $heading => $what // '' } split /\x02/, $rows =~ s/timestamp with time zone/timestamptz/gr;
}

my $sqlstate = qr/\b(?:0A|09|22|23|25|40|42|55)[0-9A-Z]{3}\b/;
my %functions = entries(<<'SQL');
	SELECT format('**`poa.%s(%s)` → `%s`** · %s', p.proname,
			regexp_replace(pg_get_function_arguments(p.oid), '::(timestamp with time zone|[a-z]+)(\[\])?', '', 'g'), pg_get_function_result(p.oid),
			coalesce((SELECT string_agg(upper(role), ' ' ORDER BY n) FROM unnest('{o, a, d}'::text[]) WITH ORDINALITY AS u (role, n)
				WHERE has_function_privilege(role, p.oid, 'EXECUTE')), 'superuser')),
		obj_description(p.oid)
	FROM pg_proc AS p WHERE p.pronamespace = 'poa'::regnamespace
SQL
my %relations = entries(<<'SQL');
	SELECT format('**`poa.%s`** · %s', c.relname,
			coalesce((SELECT string_agg(upper(role) || ' ' || CASE rights
						WHEN 'SELECT' THEN 'read' WHEN 'SELECT INSERT' THEN 'insert'
						WHEN 'SELECT INSERT UPDATE DELETE' THEN 'write' ELSE rights END, ', ' ORDER BY n)
				FROM unnest('{o, a, d}'::text[]) WITH ORDINALITY AS u (role, n), LATERAL (
					SELECT string_agg(r, ' ' ORDER BY m)
					FROM unnest('{SELECT, INSERT, UPDATE, DELETE}'::text[]) WITH ORDINALITY AS v (r, m)
					WHERE has_table_privilege(role, c.oid, r)) AS w (rights)
				WHERE rights IS NOT NULL), 'superuser')),
		string_agg(format('| `%s` | %s |', a.attname, format_type(a.atttypid, a.atttypmod)), E'\n' ORDER BY a.attnum)
	FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	WHERE c.relnamespace = 'poa'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
	GROUP BY c.oid
SQL
my %settings = entries(<<'SQL');
	LOAD 'poa_suppress';
	SELECT format('| `%s` | `%s` |', name, boot_val), '' FROM pg_settings WHERE name LIKE 'poa\_suppress.%'
SQL

# An entry reaches to the next one.  Headings that follow each other, those of
# functions with one name, have one text.
my (%text, %setting, @headings);
foreach (split /^/, slurp_file('docs/reference.md'))
{
	if (/^\*\*`poa\./)
	{
		chomp;
		@headings = () if @headings and $text{ $headings[-1] } =~ /\S/;
		push @headings, $_;
		ok(!exists $text{$_}, "once: $_");
		$text{$_} = '';
	}
	elsif (/^#/) { @headings = () }
	else
	{
		$setting{$1} = '' if /^(\| `poa_suppress\.\w+` \| `[^`]*` \|)/;
		foreach my $heading (@headings) { $text{$heading} .= $_ }
	}
}

# same(WHAT, GOT, EXPECTED): two lists with no order
sub same
{
	my ($what, $got, $expected) = @_;
	my (%got, %expected);
	@got{@$got} = @expected{@$expected} = ();
	is(join("\n", sort grep { !exists $expected{$_} } keys %got), '', "no $what too many");
	is(join("\n", sort grep { !exists $got{$_} } keys %expected), '', "no $what is missing");
}

same('heading', [ keys %text ], [ keys %functions, keys %relations ]);
same('setting', [ keys %setting ], [ keys %settings ]);
# \df+ and \d+ show a comment in one line, whose first sentence is short
is($node->safe_psql('postgres', q{
	SELECT string_agg(pg_describe_object(d.classoid, d.objoid, d.objsubid), ', ' ORDER BY d.classoid, d.objoid, d.objsubid)
	FROM pg_description AS d
	JOIN pg_depend AS m ON (m.classid, m.objid) = (d.classoid, d.objoid) AND m.deptype = 'e'
	JOIN pg_extension AS e ON e.oid = m.refobjid AND m.refclassid = 'pg_extension'::regclass AND e.extname = 'poa_suppress'
	WHERE length(split_part(d.description, '. ', 1)) NOT BETWEEN 1 AND 79}), '', 'comments begin with a short sentence');

# the checks of a function, in the table of another document
sub checks
{
	my ($function, $document, $head) = @_;
	my ($table) = slurp_file($document) =~ /^\| check \| $head \|\n\|[-|]+\n((?:\|.*\n)+)/m;
	my @names = map { /`(\w+)`/g } ($table // '') =~ /^\| (.*?) \|/mg;
	is("@names", join(' ', split /\n/, $node->safe_psql('postgres', "SELECT check_name FROM $function")), "$document has the checks of $function");
}

checks('poa.health()', 'docs/monitoring.md', 'not ok when');
checks('poa.verify(NULL, NULL)', 'docs/operating.md', 'true when');
foreach my $heading (sort grep { exists $text{$_} } keys %relations)
{
	is(join("\n", $text{$heading} =~ /^(\| `\w+` \| [^|]+ \|)/mg), $relations{$heading}, "columns: $heading");
}
foreach my $heading (sort grep { exists $text{$_} } keys %functions)
{
	same("error of $heading", [ $text{$heading} =~ /$sqlstate/g ], [ $functions{$heading} =~ /$sqlstate/g ]);
}

done_testing();

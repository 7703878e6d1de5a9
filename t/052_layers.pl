# Dependencies point one way: a part of the SQL script refers only to what parts
# before it have made, and C files include headers of their layer or above, in
# the order of the table of CONTRIBUTING.md.  docs/internals.md shows each file,
# docs/testing.md its test.

use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;

my ($parts) = slurp_file('Makefile') =~ /^PARTS\s*=((?:.*\\\n)*.*)/m or BAIL_OUT('the Makefile has no PARTS');
my @parts = grep { $_ ne '\\' } split ' ', $parts;
my (%made_in, %sql);

foreach my $n (0 .. $#parts)
{
	my $sql = slurp_file("src/$parts[$n].sql");
	$made_in{$1} //= $n while $sql =~ /^CREATE (?:FUNCTION|TABLE|VIEW|AGGREGATE|SEQUENCE) (poa(?:_internal)?\.\w+)/mg;
	$sql =~ s{/\*.*?\*/}{}gs;
	$sql =~ s/^COMMENT ON .*?;$//msg;
	$sql{$n} = $sql;
}
cmp_ok(scalar keys %made_in, '>', 50, 'the parts make something');
foreach my $n (0 .. $#parts)
{
	my %later = map { $_ => "$_ of $parts[$made_in{$_}].sql" } grep { ($made_in{$_} // 0) > $n } $sql{$n} =~ /\bpoa(?:_internal)?\.\w+/g;
	is(join(', ', sort values %later), '', "$parts[$n].sql refers to nothing that comes after it");
}

my ($n, %layer) = (0);
foreach (slurp_file('CONTRIBUTING.md') =~ /^\| layer \| files \| what \|\n\|[-|]+\n((?:\|.*\n)+)/m ? split /\n/, $1 : ())
{
	$n++;
	$layer{$_} = $n foreach (split / \| /)[1] =~ /`(\w+)`/g;
}
foreach my $file (sort glob 'src/*.[ch]')
{
	my ($name) = $file =~ m{(\w+)\.[ch]$};
	ok(exists $layer{$name}, "$name is in a layer") or next;
	my @wrong = grep { -e "src/$_.h" and ($layer{$_} // 99) > $layer{$name} } slurp_file($file) =~ /^#include "(\w+)\.h"/mg;
	is("@wrong", '', "$file includes nothing of a layer below");
}

# a stranger finds each file in the table of docs/internals.md
my %shown = map { $_ => 1 } map { /`(\w+)`/g } slurp_file('docs/internals.md') =~ /^(\| `.*?`) \|/mg;
my %stem = map { m{(\w+)\.\w+$} => 1 } glob 'src/*';
is(join(' ', sort grep { not $shown{$_} } keys %stem), '', 'docs/internals.md shows every file of src');
is(join(' ', sort grep { not $stem{$_} } keys %shown), '', 'and no other');

# a test is named as what it tests; docs/testing.md has the sweeps, and the files without a test of their name
my $testing = slurp_file('docs/testing.md');
my ($sweeps) = $testing =~ /^have names of their own: (.*)\. These/m or BAIL_OUT('docs/testing.md names no sweeps');
my @sweeps = map { s/\*/.*/r } $sweeps =~ /`([\w*]+)`/g;
my @tests = map { m{(\w+)\.sql$} } glob 'sql/*.sql';
foreach my $test (@tests)
{
	ok((grep { $test =~ /^\Q$_\E(_|$)/ } keys %stem) || (grep { $test =~ /^$_$/ } @sweeps), "sql/$test is named as a file of src, or is a sweep");
}
my ($elsewhere) = $testing =~ /^\| file \| tested by \|\n(.*?)\n\n/ms;
my @elsewhere = map { s/\*/.*/r } map { /`([\w*]+)(?:\.h)?`/g } map { (split / \| /)[0] } split /\n/, $elsewhere // '';
foreach my $stem (sort keys %stem)
{
	ok((grep { /^\Q$stem\E(_|$)/ } @tests) || (grep { $stem =~ /^$_$/ } @elsewhere), "src/$stem has a test that docs/testing.md leads to");
}

# and the promises of docs/testing.md have the tests that they name
my ($promises) = slurp_file('docs/testing.md') =~ /^\| promise \| tested by \|\n(.*?)\n\n/ms;
my %target = map { $_ => 1 } map { split } slurp_file('Makefile') =~ /^([a-z][a-z -]*):/mg;
foreach (map { /\| [^|]* \|$/ ? $& =~ /`([^`]+)`/g : () } split /\n/, $promises // '')
{
	my $name = s/^make //r;
	my @found = $name =~ m{/} ? grep { -e } glob "$name $name.sql $name.spec" : (-e "sql/$name.sql" || $target{$name} || $name =~ /^poa\./);
	ok($found[0], "docs/testing.md names $_, which exists");
}

done_testing();

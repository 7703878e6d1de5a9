# Servers that were killed.
package Restart;

use strict;
use warnings;
use Exporter qw(import);
use PostgreSQL::Test::Utils;
use Time::HiRes qw(usleep);

our @EXPORT_OK = qw(start_again);

# Any process that outlives its postmaster for a moment keeps a new one out.
sub start_again
{
	my ($server) = @_;
	my $patience = 100 * $PostgreSQL::Test::Utils::timeout_default;
	until ($server->start(fail_ok => 1) || !$patience--)
	{
		# where the postmaster itself has not gone yet, a failed start takes it for the new one
		$server->kill9;
		usleep(10_000);
	}
	return;
}

1;

"""How ``sample_logs/`` is made: people, their feeds, seven weeks of jobs, and the library that a pull would leave."""

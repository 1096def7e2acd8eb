"""Tables and charts for people, in every format. They know no figure and no lead."""

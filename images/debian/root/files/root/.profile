# Read by login shells.
if [ -f ~/.bashrc ]; then
  . ~/.bashrc
fi

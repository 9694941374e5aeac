@REM larder for cmd: `activate` and `deactivate` change the variables of this cmd, as a function does in other shells.
@IF /I "%~1"=="activate" GOTO :CHANGE
@IF /I "%~1"=="deactivate" GOTO :CHANGE
:PLAIN
@@LARDER@ %*
@EXIT /B %ERRORLEVEL%
:CHANGE
@IF "%~1"=="" GOTO :RUN
@IF "%~1"=="-h" GOTO :PLAIN
@IF "%~1"=="--help" GOTO :PLAIN
@IF "%~1"=="--json" GOTO :PLAIN
@SHIFT /1
@GOTO :CHANGE
:RUN
@SET "__LARDER_SCRIPT=%TEMP%\larder-%RANDOM%%RANDOM%%RANDOM%.bat"
@@LARDER@ %* --shell cmd > "%__LARDER_SCRIPT%"
@SET "__LARDER_STATUS=%ERRORLEVEL%"
@IF "%__LARDER_STATUS%"=="0" CALL "%__LARDER_SCRIPT%"
@DEL "%__LARDER_SCRIPT%"
@SET "__LARDER_SCRIPT=" & SET "__LARDER_STATUS=" & EXIT /B %__LARDER_STATUS%
